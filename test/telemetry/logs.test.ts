import fc from "fast-check";
import { expect, test } from "vitest";
import { DomainError } from "../../src/model/index.js";
import type { LogTailBatch } from "../../src/telemetry/index.js";
import { bodies, EVERY_LOG, log, NOW_MS, putService, start, take } from "./support/start.js";

const NOW_NS = BigInt(NOW_MS) * 1_000_000n;
const SECOND_NS = 1_000_000_000n;

test("a record that was taken in is in the next query, newest first", async () => {
  await using plane = await start();
  await plane.telemetry.writeLogs([log("old", { timeNs: NOW_NS - SECOND_NS }), log("new"), log("newest")]);
  expect(await bodies(plane.telemetry)).toEqual(["newest", "new", "old"]);
});

test("a record keeps every field, its time to the nanosecond", async () => {
  await using plane = await start();
  const record = log("paid", {
    timeNs: NOW_NS - 123n,
    severity: 17,
    attributes: { order: "7" },
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
  });
  await plane.telemetry.writeLogs([record]);
  const page = await plane.telemetry.queryLogs({ query: EVERY_LOG, pageSize: 10 });
  expect(page.records).toEqual([record]);
});

test("a record without a time happened now", async () => {
  await using plane = await start();
  await plane.telemetry.writeLogs([log("now")]);
  const page = await plane.telemetry.queryLogs({ query: EVERY_LOG, pageSize: 10 });
  expect(page.records[0]?.timeNs).toBe(NOW_NS);
});

test("records of unknown services, older than the retention or more than 5 minutes ahead are rejected and counted", async () => {
  await using plane = await start({ limits: { maxAgeMs: 3_600_000 } });
  const intake = await plane.telemetry.writeLogs([
    log("unknown", { service: "nobody" }),
    log("too old", { timeNs: NOW_NS - 3_601n * SECOND_NS }),
    log("ahead", { timeNs: NOW_NS + 301n * SECOND_NS }),
    log("a little ahead", { timeNs: NOW_NS + 299n * SECOND_NS }),
    log("just kept", { timeNs: NOW_NS - 3_599n * SECOND_NS }),
  ]);
  expect(intake).toEqual({ accepted: 2, rejected: 3 });
  expect(await bodies(plane.telemetry)).toEqual(["a little ahead", "just kept"]);
  expect(await plane.metric("rejected_records_total")).toBe(3);
});

test("a query's conditions all hold for what it answers", async () => {
  await using plane = await start();
  await putService(plane.store, "cart");
  await plane.telemetry.writeLogs([
    log("Payment FAILED", { severity: 17, traceId: "aa", instanceId: "a2" }),
    log("payment went well", { severity: 9 }),
    log("payment failed", { service: "cart", severity: 17 }),
    log("no severity", { severity: 0 }),
  ]);
  const found = (query: Parameters<typeof bodies>[1]) => bodies(plane.telemetry, query);
  expect(await found({ contains: "failed" })).toEqual(["payment failed", "Payment FAILED"]);
  expect(await found({ contains: "failed", service: "checkout" })).toEqual(["Payment FAILED"]);
  expect(await found({ namespace: "default", service: "cart" })).toEqual(["payment failed"]);
  expect(await found({ minSeverity: 13 })).toEqual(["payment failed", "Payment FAILED"]);
  expect(await found({ traceId: "aa" })).toEqual(["Payment FAILED"]);
  expect(await found({ instanceId: "a2" })).toEqual(["Payment FAILED"]);
  expect(await found({ namespace: "other" })).toEqual([]);
  const filter = { text: "log.body.size() > 16", matches: ({ body }: { body: string }) => body.length > 16 };
  expect(await found({ filter })).toEqual(["payment went well"]);
});

test("a query's start is included and its end is not", async () => {
  await using plane = await start();
  await plane.telemetry.writeLogs([1n, 2n, 3n].map((n) => log(`${n}`, { timeNs: NOW_NS - 4n + n })));
  const range = { startNs: NOW_NS - 3n, endNs: NOW_NS - 1n };
  const page = await plane.telemetry.queryLogs({ query: EVERY_LOG, pageSize: 10, ...range });
  expect(page.records.map(({ body }) => body)).toEqual(["2", "1"]);
  const farAway = { startNs: -5n, endNs: 2n ** 70n };
  expect((await plane.telemetry.queryLogs({ query: EVERY_LOG, pageSize: 10, ...farAway })).records).toHaveLength(3);
});

test("pages put together are all records, each once, in order, whatever the size and however little a page looks at", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 10 }),
      async (times, pageSize, maxScanned) => {
        await using plane = await start({ limits: { maxScanned } });
        await plane.telemetry.writeLogs(times.map((t, i) => log(`${i}`, { timeNs: NOW_NS - BigInt(t), severity: t })));
        const found: string[] = [];
        const query = { ...EVERY_LOG, minSeverity: 1 };
        let page = await plane.telemetry.queryLogs({ query, pageSize });
        for (;;) {
          found.push(...page.records.map(({ body }) => body));
          if (!page.next) break;
          page = await plane.telemetry.queryLogs({ query, pageSize, after: page.next });
        }
        const all = times.map((t, i) => ({ t, i })).sort((a, b) => a.t - b.t || b.i - a.i);
        expect(found).toEqual(all.filter(({ t }) => t >= 1).map(({ i }) => `${i}`));
      },
    ),
    { numRuns: 40 },
  ));

test("a page stops well before a message would be too large, and goes on after it", async () => {
  await using plane = await start();
  const body = "x".repeat(60_000);
  for (let n = 0; n < 50; n++) await plane.telemetry.writeLogs([log(body)]);
  const first = await plane.telemetry.queryLogs({ query: EVERY_LOG, pageSize: 1_000 });
  expect(first.records.length).toBeLessThan(40);
  const after = first.next;
  expect(after).toBeDefined();
  const second = await plane.telemetry.queryLogs({ query: EVERY_LOG, pageSize: 1_000, ...(after && { after }) });
  expect(first.records.length + second.records.length).toBe(50);
});

test("a query that is cancelled stops", async () => {
  await using plane = await start();
  await plane.telemetry.writeLogs([log("a")]);
  const signal = AbortSignal.abort();
  await expect(plane.telemetry.queryLogs({ query: EVERY_LOG, pageSize: 1, signal })).rejects.toThrow();
});

const told = (batches: readonly LogTailBatch[]) => batches.flatMap(({ records }) => records.map(({ body }) => body));

test("a tail tells its backlog oldest first, then what comes, without a gap or a repeat between them", async () => {
  await using plane = await start();
  await plane.telemetry.writeLogs(["1", "2", "3"].map((body) => log(body)));
  using stop = stopper();
  const tail = plane.telemetry.tailLogs({ query: EVERY_LOG, backlog: 2, signal: stop.signal });
  await plane.telemetry.writeLogs([log("4"), log("5")]);
  const stream = tail[Symbol.asyncIterator]();
  const batches = await take(stream, (taken) => told(taken).length >= 4);
  await plane.telemetry.writeLogs([log("6")]);
  batches.push(...(await take(stream, (taken) => taken.length === 1)));
  expect(told(batches)).toEqual(["2", "3", "4", "5", "6"]);
});

test("a tail without a backlog begins with what comes after it was opened", async () => {
  await using plane = await start();
  await plane.telemetry.writeLogs([log("before")]);
  using stop = stopper();
  const tail = plane.telemetry.tailLogs({ query: EVERY_LOG, backlog: 0, signal: stop.signal })[Symbol.asyncIterator]();
  await plane.telemetry.writeLogs([log("after")]);
  expect(told(await take(tail, (taken) => taken.length === 1))).toEqual(["after"]);
});

test("a tail tells only what it asked for", async () => {
  await using plane = await start();
  using stop = stopper();
  const query = { ...EVERY_LOG, minSeverity: 13 };
  const tail = plane.telemetry.tailLogs({ query, backlog: 10, signal: stop.signal })[Symbol.asyncIterator]();
  await plane.telemetry.writeLogs([log("info"), log("error", { severity: 17 })]);
  expect(told(await take(tail, (taken) => taken.length === 1))).toEqual(["error"]);
});

test("a tail that reads too slowly loses the oldest, is told how many, once, and keeps a bounded number", async () => {
  await using plane = await start({ limits: { maxTailPending: 10 } });
  using stop = stopper();
  const tail = plane.telemetry.tailLogs({ query: EVERY_LOG, backlog: 0, signal: stop.signal })[Symbol.asyncIterator]();
  await plane.telemetry.writeLogs(Array.from({ length: 25 }, (_, n) => log(`${n}`)));
  const [first] = await take(tail, (taken) => taken.length === 1);
  expect(first?.missed).toBe(15);
  expect(told([first ?? { records: [], missed: 0 }])).toEqual(Array.from({ length: 10 }, (_, n) => `${n + 15}`));
  await plane.telemetry.writeLogs([log("next")]);
  const [second] = await take(tail, (taken) => taken.length === 1);
  expect(second).toMatchObject({ missed: 0, records: [{ body: "next" }] });
  expect(await plane.metric("missed_records_total")).toBe(15);
});

test("a slow tail takes nothing from another", async () => {
  await using plane = await start({ limits: { maxTailPending: 5 } });
  using stop = stopper();
  plane.telemetry.tailLogs({ query: EVERY_LOG, backlog: 0, signal: stop.signal });
  const quick = plane.telemetry.tailLogs({ query: EVERY_LOG, backlog: 0, signal: stop.signal })[Symbol.asyncIterator]();
  for (let n = 0; n < 20; n++) {
    await plane.telemetry.writeLogs([log(`${n}`)]);
    expect(await take(quick, (taken) => taken.length === 1)).toMatchObject([
      { missed: 0, records: [{ body: `${n}` }] },
    ]);
  }
});

test("a tail ends without an error when it is aborted, also while it waits, and is no longer counted", async () => {
  await using plane = await start();
  const stop = new AbortController();
  const tail = plane.telemetry.tailLogs({ query: EVERY_LOG, backlog: 0, signal: stop.signal })[Symbol.asyncIterator]();
  const waiting = tail.next();
  expect(await plane.metric("readers")).toBe(1);
  stop.abort();
  expect(await waiting).toMatchObject({ done: true });
  expect(await plane.metric("readers")).toBe(0);
});

test("one tail too many is refused, and there is room again when another ends", async () => {
  await using plane = await start({ limits: { maxReaders: 1 } });
  const stop = new AbortController();
  const open = () => plane.telemetry.tailLogs({ query: EVERY_LOG, backlog: 0, signal: stop.signal });
  open();
  expect(open).toThrow(DomainError);
  stop.abort();
  expect(open).not.toThrow();
});

test("records that do not fit what may wait are dropped and counted", async () => {
  await using plane = await start({ limits: { maxPendingLogBytes: 1_000 } });
  const records = Array.from({ length: 10 }, () => log("x".repeat(200)));
  const intake = await plane.telemetry.writeLogs(records);
  expect(intake.rejected).toBeGreaterThan(0);
  expect(await plane.metric("dropped_records_total")).toBe(intake.rejected);
  expect(await bodies(plane.telemetry)).toHaveLength(intake.accepted);
});

test("a writer that waits between its batches loses nothing, however many there are", async () => {
  await using plane = await start({ limits: { maxPendingLogBytes: 4_000 } });
  for (let n = 0; n < 50; n++) expect((await plane.telemetry.writeLogs([log("x".repeat(500))])).rejected).toBe(0);
  expect(await bodies(plane.telemetry)).toHaveLength(50);
});

function stopper(): AbortController & Disposable {
  const controller = new AbortController();
  return Object.assign(controller, { [Symbol.dispose]: () => controller.abort() });
}
