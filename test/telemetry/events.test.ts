import fc from "fast-check";
import { pino } from "pino";
import { expect, test } from "vitest";
import { openMemoryStore } from "../../src/store/index.js";
import { comparePlaces } from "../../src/telemetry/events/event.js";
import {
  type Event,
  memoryDatabase,
  type SessionEvent,
  type Telemetry,
  type TelemetryDatabase,
} from "../../src/telemetry/index.js";
import { FakeClock } from "../support/fake-clock.js";
import { storeOptions } from "../support/store-options.js";
import { fragileDatabase } from "./support/fragile-database.js";
import { EVERY_EVENT, events, NOW_MS, putService, register, remove, start, take } from "./support/start.js";

const revisions = (some: readonly Event[]) => some.map(({ revision }) => Number(revision));

function session(type: SessionEvent["type"], timeMs = NOW_MS): SessionEvent {
  return { type, timeMs, sessionId: "s-1", client: "host/7", address: "10.0.0.9:4000", instances: 1 };
}

function tail(telemetry: Telemetry, afterRevision: bigint, query = {}) {
  const stop = new AbortController();
  const options = { query: { ...EVERY_EVENT, ...query }, afterRevision, signal: stop.signal };
  return { stream: telemetry.tailEvents(options)[Symbol.asyncIterator](), stop };
}

async function next(stream: AsyncIterator<readonly Event[]>, count: number): Promise<Event[]> {
  return (await take(stream, (taken) => taken.flat().length >= count)).flat();
}

test("every commit that was answered is in the next query, newest first", async () => {
  await using plane = await start();
  await register(plane.store, "a1");
  await register(plane.store, "a1", { health: "draining" });
  await remove(plane.store, ["a1"]);
  expect((await events(plane.telemetry)).map(({ type }) => type)).toEqual([
    "instance.deregistered",
    "instance.health_changed",
    "instance.registered",
    "service.put",
  ]);
});

test("a query filters by service, prefix of the type, actor and time, and pages in order", async () => {
  await using plane = await start();
  await putService(plane.store, "cart");
  plane.clock.advance(1_000);
  await register(plane.store, "a1");
  await register(plane.store, "c1", {}, "cart");
  const found = async (query: object, range: object = {}) => {
    const page = await plane.telemetry.queryEvents({ query: { ...EVERY_EVENT, ...query }, pageSize: 10, ...range });
    return revisions(page.events);
  };
  expect(await found({})).toEqual([4, 3, 2, 1]);
  expect(await found({ service: "cart" })).toEqual([4, 2]);
  expect(await found({ type: "instance." })).toEqual([4, 3]);
  expect(await found({ actor: "alice" })).toEqual([2, 1]);
  expect(await found({ namespace: "prod" })).toEqual([]);
  expect(await found({}, { startMs: NOW_MS + 1_000 })).toEqual([4, 3]);
  expect(await found({}, { endMs: NOW_MS + 1_000 })).toEqual([2, 1]);
  const first = await plane.telemetry.queryEvents({ query: EVERY_EVENT, pageSize: 3 });
  expect(revisions(first.events)).toEqual([4, 3, 2]);
  const { next: after } = first;
  const second = await plane.telemetry.queryEvents({ query: EVERY_EVENT, pageSize: 3, ...(after && { after }) });
  expect(revisions(second.events)).toEqual([1]);
  expect(second.next).toBeUndefined();
});

test("a page looks at a bounded number of events and says where to go on", async () => {
  await using plane = await start({ limits: { maxScanned: 2 } });
  await register(plane.store, "a1");
  await register(plane.store, "a2");
  const query = { ...EVERY_EVENT, type: "service." };
  const first = await plane.telemetry.queryEvents({ query, pageSize: 10 });
  expect(first.events).toEqual([]);
  expect(first.next).toBeDefined();
  const second = await plane.telemetry.queryEvents({ query, pageSize: 10, ...(first.next && { after: first.next }) });
  expect(revisions(second.events)).toEqual([1]);
});

test("session events have no revision and stand among the others in order of time", async () => {
  await using plane = await start();
  plane.telemetry.sessionEvent(session("session.opened"));
  await register(plane.store, "a1");
  plane.telemetry.sessionEvent(session("session.closed"));
  expect((await events(plane.telemetry)).map(({ type, revision }) => [type, revision])).toEqual([
    ["session.closed", 0n],
    ["instance.registered", 2n],
    ["session.opened", 0n],
    ["service.put", 1n],
  ]);
});

test("a tail from now on tells only what happens after it was opened", async () => {
  await using plane = await start();
  await register(plane.store, "before");
  const { stream, stop } = tail(plane.telemetry, 0n);
  await register(plane.store, "after");
  expect((await next(stream, 1)).map(({ instanceId }) => instanceId)).toEqual(["after"]);
  stop.abort();
});

test("a tail after a revision tells every later event, then each as it happens", async () => {
  await using plane = await start();
  for (const id of ["a1", "a2", "a3"]) await register(plane.store, id);
  const { stream, stop } = tail(plane.telemetry, 2n);
  expect(revisions(await next(stream, 2))).toEqual([3, 4]);
  plane.telemetry.sessionEvent(session("session.broken"));
  await register(plane.store, "a4");
  expect(revisions(await next(stream, 2))).toEqual([0, 5]);
  stop.abort();
});

test("a tail tells only what its query asks for", async () => {
  await using plane = await start();
  const { stream, stop } = tail(plane.telemetry, 0n, { type: "instance.dereg" });
  await register(plane.store, "a1");
  await remove(plane.store, ["a1"]);
  expect((await next(stream, 1)).map(({ type }) => type)).toEqual(["instance.deregistered"]);
  stop.abort();
});

test("a reader that fell behind what memory holds reads on from the database, and misses nothing", async () => {
  await using plane = await start({ limits: { maxRecentEvents: 5 } });
  const { stream, stop } = tail(plane.telemetry, 1n);
  for (let n = 0; n < 1_200; n++) await register(plane.store, `a${n}`);
  await events(plane.telemetry);
  const told = revisions(await next(stream, 1_200));
  expect(told).toEqual(Array.from({ length: 1_200 }, (_, n) => n + 2));
  stop.abort();
});

test("readers of every event at the same place are given the same array", async () => {
  await using plane = await start();
  const tails = [tail(plane.telemetry, 0n), tail(plane.telemetry, 0n)];
  await register(plane.store, "a1");
  const [first, second] = await Promise.all(tails.map(({ stream }) => stream.next()));
  expect(first?.value).toBe(second?.value);
  for (const { stop } of tails) stop.abort();
});

test("a tail after a revision that was never reached is out of range", async () => {
  await using plane = await start();
  expect(() => tail(plane.telemetry, 2n)).toThrow("REVISION_OUT_OF_RANGE");
});

test("a tail ends without an error when it is aborted", async () => {
  await using plane = await start();
  const { stream, stop } = tail(plane.telemetry, 0n);
  const waiting = stream.next();
  stop.abort();
  expect(await waiting).toMatchObject({ done: true });
});

test("after a restart the log goes on with what was committed in between, nothing missing and nothing twice", async () => {
  const database = memoryDatabase();
  await using first = await start({ database });
  await register(first.store, "a1");
  first.telemetry.sessionEvent(session("session.opened"));
  await first.telemetry[Symbol.asyncDispose]();
  await register(first.store, "a2");
  await using second = await start({ database, store: first.store });
  await register(first.store, "a3");
  expect(revisions(await events(second.telemetry)).sort()).toEqual([0, 1, 2, 3, 4]);
  const { stream, stop } = tail(second.telemetry, 1n);
  expect(revisions(await next(stream, 4))).toEqual([2, 0, 3, 4]);
  stop.abort();
});

test("events that a power failure took from the disk are told from the store's history after the restart", async () => {
  const memory = memoryDatabase();
  let powered = true;
  const batch: TelemetryDatabase["batch"] = async (operations, options) => {
    if (powered) await memory.batch(operations, options);
  };
  await using first = await start({ database: { ...memory, batch } });
  await register(first.store, "a1");
  expect(await events(first.telemetry)).toHaveLength(2);
  powered = false;
  await register(first.store, "a2");
  await register(first.store, "a3");
  await events(first.telemetry);
  await using second = await start({ database: memory, store: first.store });
  expect(revisions(await events(second.telemetry))).toEqual([4, 3, 2, 1]);
});

test("what was compacted before it was recorded is missing, and a tail of it is out of range", async () => {
  const clock = new FakeClock(NOW_MS);
  const store = await openMemoryStore({ ...storeOptions(), clock });
  for (const id of ["a1", "a2", "a3"]) await register(store, id);
  await store.compact(2n);
  await using plane = await start({ store, clock });
  expect(revisions(await events(plane.telemetry))).toEqual([3]);
  expect(() => tail(plane.telemetry, 1n)).toThrow("REVISION_OUT_OF_RANGE");
  const { stream, stop } = tail(plane.telemetry, 2n);
  expect(revisions(await next(stream, 1))).toEqual([3]);
  stop.abort();
});

test("an event log that never recorded anything begins without a warning where the history does", async () => {
  const { log, lines } = linesOf();
  const store = await openMemoryStore({ ...storeOptions(), clock: new FakeClock(NOW_MS) });
  for (const id of ["a1", "a2"]) await register(store, id);
  await store.compact(2n);
  await using plane = await start({ store, log });
  expect(await events(plane.telemetry)).toEqual([]);
  expect(lines()).toEqual(["info: the event log begins here: there is no earlier history"]);
});

test("events that are missing between recorded ones are warned of", async () => {
  const { log, lines } = linesOf();
  const store = await openMemoryStore({ ...storeOptions(), clock: new FakeClock(NOW_MS) });
  const database = memoryDatabase();
  await register(store, "a1");
  await (await start({ store, database }))[Symbol.asyncDispose]();
  for (const id of ["a2", "a3"]) await register(store, id);
  await store.compact(3n);
  await using plane = await start({ store, database, log });
  expect(revisions(await events(plane.telemetry))).toEqual([1]);
  expect(lines()).toEqual(["warn: history was compacted before its events were recorded: they are missing"]);
});

test("events that retention dropped are told from the store's history", async () => {
  await using plane = await start({ limits: { maxAgeMs: 60_000, retentionIntervalMs: 1_000 } });
  for (const id of ["a1", "a2"]) await register(plane.store, id);
  await events(plane.telemetry);
  plane.clock.advance(120_000);
  await gone(plane.telemetry);
  await register(plane.store, "a3");
  const { stream, stop } = tail(plane.telemetry, 1n);
  expect(revisions(await next(stream, 3))).toEqual([2, 3, 4]);
  stop.abort();
});

test("a tail that has not read what retention drops goes on behind it, and waits without reading", async () => {
  const memory = memoryDatabase();
  let reads = 0;
  const iterator: TelemetryDatabase["iterator"] = (range) => {
    reads++;
    return memory.iterator(range);
  };
  const limits = { maxAgeMs: 60_000, retentionIntervalMs: 1_000 };
  await using plane = await start({ database: { ...memory, iterator }, limits });
  for (const id of ["a1", "a2"]) await register(plane.store, id);
  await events(plane.telemetry);
  const { stream, stop } = tail(plane.telemetry, 1n);
  plane.clock.advance(120_000);
  await gone(plane.telemetry);
  const told = next(stream, 1);
  await turns();
  const before = reads;
  await turns();
  expect(reads).toBe(before);
  await register(plane.store, "a3");
  expect(revisions(await told)).toEqual([4]);
  stop.abort();
});

test("events that neither the log nor the history holds are out of range", async () => {
  await using plane = await start({ limits: { maxAgeMs: 60_000, retentionIntervalMs: 1_000 } });
  for (const id of ["a1", "a2"]) await register(plane.store, id);
  await events(plane.telemetry);
  plane.clock.advance(120_000);
  await gone(plane.telemetry);
  await plane.store.compact(3n);
  expect(() => tail(plane.telemetry, 1n)).toThrow("REVISION_OUT_OF_RANGE");
  expect(() => tail(plane.telemetry, 3n).stop.abort()).not.toThrow();
});

test("while the database fails no event is lost, however few may wait: the history tells them afterwards", async () => {
  const database = fragileDatabase();
  await using plane = await start({ database, limits: { maxPendingChanges: 3 } });
  await events(plane.telemetry);
  const { stream, stop } = tail(plane.telemetry, 1n);
  database.broken = true;
  for (let n = 0; n < 50; n++) await register(plane.store, `a${n}`);
  await events(plane.telemetry).catch(() => undefined);
  database.broken = false;
  const told = next(stream, 50);
  for (let n = 0; n < 5; n++) {
    plane.clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(revisions(await told)).toEqual(Array.from({ length: 50 }, (_, n) => n + 2));
  expect(await plane.metric("events_overruns_total")).toBeGreaterThan(0);
  stop.abort();
});

test("telemetry stops while its database fails", async () => {
  const database = fragileDatabase();
  const plane = await start({ database });
  database.broken = true;
  await register(plane.store, "a1");
  await plane[Symbol.asyncDispose]();
});

test("telemetry that stops leaves no timer, also when too much waited before", async () => {
  const plane = await start({ limits: { maxPendingChanges: 3 } });
  await events(plane.telemetry);
  const pending = plane.clock.pending;
  await register(plane.store, "a0");
  await turns();
  expect(plane.clock.pending).toBe(pending + 1);
  await Promise.all(["a1", "a2", "a3", "a4"].map((id) => register(plane.store, id)));
  await plane.telemetry[Symbol.asyncDispose]();
  expect(await plane.metric("events_overruns_total")).toBe(1);
  await plane.store[Symbol.asyncDispose]();
  expect(plane.clock.pending).toBe(0);
});

test("a commit of very many changes comes in pieces that fit a message", async () => {
  await using plane = await start();
  const { stream, stop } = tail(plane.telemetry, 1n);
  const ids = Array.from({ length: 1_300 }, (_, n) => `a${n}`);
  await Promise.all(ids.map((id) => register(plane.store, id)));
  await remove(plane.store, ids, "session-expired");
  const batches = await take(stream, (taken) => taken.flat().length >= 2_600);
  expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(500);
  expect(
    batches
      .flat()
      .slice(1_300)
      .map(({ instanceId }) => instanceId),
  ).toEqual(ids);
  stop.abort();
});

test("whatever happens in whatever order, with restarts, the log is one event a change, in order", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("put", "session", "restart", "advance", "back"), { maxLength: 25 }),
      async (steps) => {
        const clock = new FakeClock(NOW_MS);
        const store = await openMemoryStore({ ...storeOptions(), clock });
        const database = memoryDatabase();
        let plane = await start({ store, clock, database });
        let sessions = 0;
        for (const [n, step] of steps.entries()) {
          if (step === "put") await register(store, `a${n}`);
          if (step === "session") plane.telemetry.sessionEvent(session("session.opened", NOW_MS + sessions++));
          if (step === "advance") clock.advance(1_000);
          if (step === "back") clock.stepWall(-5_000);
          if (step === "restart") {
            await plane[Symbol.asyncDispose]();
            plane = await start({ store, clock, database });
          }
        }
        const all = await events(plane.telemetry);
        const puts = steps.filter((step) => step === "put").length;
        const numbered = revisions(all).filter((revision) => revision > 0);
        expect(numbered.sort((a, b) => a - b)).toEqual(Array.from({ length: puts }, (_, n) => n + 1));
        expect(all.length - puts).toBe(sessions);
        const times = all.map(({ timeMs }) => timeMs);
        expect(times).toEqual(times.toSorted((a, b) => b - a));
        await plane[Symbol.asyncDispose]();
      },
    ),
    { numRuns: 60 },
  ));

test("while nobody reads, changes are recorded together, within the flush interval", async () => {
  const database = memoryDatabase();
  await using plane = await start({ database, limits: { flushMs: 200 } });
  await events(plane.telemetry);
  const known = await blocks(database);
  for (const id of ["a1", "a2", "a3"]) await register(plane.store, id);
  plane.telemetry.sessionEvent(session("session.opened"));
  plane.clock.advance(199);
  await turns();
  expect(await blocks(database)).toBe(known);
  plane.clock.advance(1);
  await turns();
  expect(await blocks(database)).toBe(known + 1);
  expect(await events(plane.telemetry)).toHaveLength(5);
});

test("while nobody reads, enough changes are recorded without delay, and those behind them within the interval", async () => {
  const database = memoryDatabase();
  await using plane = await start({ database, limits: { flushMs: 200 } });
  await events(plane.telemetry);
  const ids = Array.from({ length: 499 }, (_, n) => `a${n}`);
  await Promise.all(ids.map((id) => register(plane.store, id)));
  await turns();
  expect(await plane.metric("written_records_total")).toBe(1);
  await register(plane.store, "last");
  await turns();
  expect(await plane.metric("written_records_total")).toBe(501);
  await register(plane.store, "behind");
  await turns();
  expect(await plane.metric("written_records_total")).toBe(501);
  plane.clock.advance(200);
  await turns();
  expect(await plane.metric("written_records_total")).toBe(502);
  await register(plane.store, "later");
  await turns();
  expect(await plane.metric("written_records_total")).toBe(502);
});

test("a tail that opens while changes wait for others is told of them without delay", async () => {
  await using plane = await start();
  await events(plane.telemetry);
  await register(plane.store, "a1");
  await turns();
  const { stream, stop } = tail(plane.telemetry, 1n);
  expect(revisions(await next(stream, 1))).toEqual([2]);
  stop.abort();
});

test("a tail that is never read holds up nothing and ends with its signal", async () => {
  await using plane = await start();
  const { stop } = tail(plane.telemetry, 0n);
  await register(plane.store, "a1");
  stop.abort();
  await register(plane.store, "a2");
  await turns();
  expect(await plane.metric("written_records_total")).toBeLessThan(3);
  expect(await events(plane.telemetry)).toHaveLength(3);
});

test("a tail after any revision tells what its query asks for once and in order, from wherever it is read", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("cart", "checkout", "session", "recorded", "back", "advance"), { maxLength: 30 }),
      fc.nat(),
      fc.constantFrom("", "cart"),
      fc.boolean(),
      async (steps, from, service, isLive) => {
        await using plane = await start({ limits: { maxRecentEvents: 3 } });
        const other = isLive ? tail(plane.telemetry, 0n) : undefined;
        for (const [n, step] of steps.entries()) {
          if (step === "session") plane.telemetry.sessionEvent(session("session.opened"));
          else if (step === "recorded") await events(plane.telemetry);
          else if (step === "back") plane.clock.stepWall(-1_500);
          else if (step === "advance") plane.clock.advance(700);
          else await register(plane.store, `a${n}`, {}, step);
        }
        const { revision } = plane.store.status();
        const after = (BigInt(from) % revision) + 1n;
        const { stream, stop } = tail(plane.telemetry, after, { service });
        await register(plane.store, "end", {}, "cart");
        const told = await take(stream, (taken) => taken.flat().at(-1)?.instanceId === "end");
        const inOrder = [...(await events(plane.telemetry))].sort((a, b) => comparePlaces(a.place, b.place));
        const isBehind = (event: Event) =>
          event.revision > after || (event.revision === 0n && event.place.revision >= after);
        const isAsked = (event: Event) => service === "" || event.service === service;
        expect(told.flat()).toEqual(inOrder.filter((event) => isBehind(event) && isAsked(event)));
        stop.abort();
        other?.stop.abort();
      },
    ),
    { numRuns: 60 },
  ));

/** How many blocks of events are on the database. */
async function blocks(database: TelemetryDatabase): Promise<number> {
  const iterator = database.iterator({ gte: Buffer.from("E"), lt: Buffer.from("F") });
  const entries = await iterator.nextv(1_000);
  await iterator.close();
  return entries.length;
}

/** Lets what is under way come to its end. */
async function turns(): Promise<void> {
  for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when retention has left no event: its step runs behind the clock. */
async function gone(telemetry: Telemetry): Promise<void> {
  while ((await events(telemetry)).length > 0);
}

/** A log, and the lines written to it from info on. */
function linesOf() {
  const written: string[] = [];
  const log = pino({ level: "info" }, { write: (line) => written.push(line) });
  const lines = () =>
    written.map((line) => {
      const { level, msg } = JSON.parse(line);
      return `${pino.levels.labels[level]}: ${msg}`;
    });
  return { log, lines };
}
