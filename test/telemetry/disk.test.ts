import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DomainError } from "../../src/model/index.js";
import { levelDatabase, memoryDatabase, type Telemetry, type TelemetryDatabase } from "../../src/telemetry/index.js";
import { startDirectory } from "../support/directory.js";
import { fragileDatabase } from "./support/fragile-database.js";
import { bodies, calls, EVERY_EVENT, EVERY_LOG, events, log, NOW_MS, register, start } from "./support/start.js";

const NOW_NS = BigInt(NOW_MS) * 1_000_000n;

const callCount = async (telemetry: Telemetry) => {
  const query = { namespace: "", service: "", consumer: "", instanceId: "", method: "", groupBy: new Set<never>() };
  const { series } = await telemetry.queryCalls({ ...query, startMs: NOW_MS - 86_400_000, stepMs: 86_400_000 });
  return series.flatMap(({ points }) => points).reduce((sum, point) => sum + point.calls, 0);
};

const report = (telemetry: Telemetry, endMs = NOW_MS) =>
  telemetry.reportCalls({ startMs: endMs - 1_000, endMs, stats: [calls()] });

/** Every key of the database. */
async function keysOf(database: TelemetryDatabase): Promise<string[]> {
  const iterator = database.iterator({ gte: Buffer.from([0]), lt: Buffer.from([255]) });
  const entries = await iterator.nextv(100_000);
  await iterator.close();
  return entries.map(([key]) => String.fromCharCode(key[0] ?? 0));
}

test("what was taken in is there after a restart, on LevelDB", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "portolan-telemetry-"));
  await using first = await start({ database: levelDatabase(dataDir) });
  await register(first.store, "a1");
  report(first.telemetry);
  await first.telemetry.writeLogs([log("one"), log("two")]);
  await first.telemetry[Symbol.asyncDispose]();
  await using second = await start({ database: levelDatabase(dataDir), store: first.store });
  report(second.telemetry);
  await second.telemetry.writeLogs([log("three")]);
  expect(await bodies(second.telemetry)).toEqual(["three", "two", "one"]);
  expect(await callCount(second.telemetry)).toBe(2);
  expect(await events(second.telemetry)).toHaveLength(2);
  await second.telemetry[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true });
});

test.each([
  ["a table", (names: string[]) => names.filter((name) => name.endsWith(".ldb"))],
  ["the list of its tables", (names: string[]) => names.filter((name) => name.startsWith("MANIFEST"))],
  ["the way to that list", () => ["CURRENT"]],
])("a database of which %s is damaged is put aside, and telemetry begins anew", async (_, victims) => {
  await using directory = await startDirectory();
  const location = join(directory.path, "telemetry");
  await using first = await start({ database: levelDatabase(directory.path) });
  await first.telemetry.writeLogs([log("lost")]);
  await first.telemetry[Symbol.asyncDispose]();
  const tables = levelDatabase(directory.path);
  await tables.open(); // makes a table of LevelDB's log
  await tables.close();
  for (const name of victims(await readdir(location))) await flip(join(location, name));
  await using second = await start({ database: levelDatabase(directory.path), store: first.store });
  expect(await bodies(second.telemetry)).toEqual([]);
  await second.telemetry.writeLogs([log("kept")]);
  expect(await bodies(second.telemetry)).toEqual(["kept"]);
  expect(await readdir(directory.path)).toContain("telemetry.damaged");
});

/** Turns a byte in the middle of a file. */
async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 0x40, bytes.length >> 1);
  await writeFile(path, bytes);
}

test("records are written within the flush interval, and synced once within the time that may be lost", async () => {
  const syncs: boolean[] = [];
  const memory = memoryDatabase();
  const batch: TelemetryDatabase["batch"] = (operations, options) => {
    syncs.push(options.sync);
    return memory.batch(operations, options);
  };
  await using plane = await start({ database: { ...memory, batch }, limits: { flushMs: 200, syncMs: 800 } });
  await events(plane.telemetry);
  const keys = async () => (await keysOf(memory)).filter((table) => table === "L").length;
  for (let n = 0; n < 5; n++) await plane.telemetry.writeLogs([log(`${n}`)]);
  expect(await keys()).toBe(0);
  plane.clock.advance(200);
  await turns();
  expect(await keys()).toBe(5);
  expect(syncs.filter(Boolean)).toEqual([]);
  plane.clock.advance(800);
  await turns();
  expect(syncs.filter(Boolean)).toEqual([true]);
});

test("while the database fails records are dropped and counted, nothing throws, and it goes on when it is well", async () => {
  const database = fragileDatabase();
  await using plane = await start({ database });
  await plane.telemetry.writeLogs([log("before")]);
  expect(await bodies(plane.telemetry)).toEqual(["before"]);
  database.broken = true;
  expect(await plane.telemetry.writeLogs([log("lost"), log("lost too")])).toEqual({ accepted: 2, rejected: 0 });
  plane.clock.advance(200);
  await turns();
  expect(await plane.metric("dropped_records_total")).toBe(2);
  expect(await plane.metric("writable")).toBe(0);
  await expect(bodies(plane.telemetry)).rejects.toThrow(DomainError);
  database.broken = false;
  plane.clock.advance(1_000);
  await plane.telemetry.writeLogs([log("after")]);
  expect(await bodies(plane.telemetry)).toEqual(["after", "before"]);
  expect(database.opened).toBe(2);
  expect(await plane.metric("writable")).toBe(1);
});

test("calls that could not be written are written later", async () => {
  const database = fragileDatabase();
  await using plane = await start({ database });
  database.broken = true;
  report(plane.telemetry);
  plane.clock.advance(200);
  await turns();
  database.broken = false;
  plane.clock.advance(1_000);
  await turns();
  expect(await callCount(plane.telemetry)).toBe(1);
});

test("telemetry opens although its database cannot be opened, and works when it can", async () => {
  const memory = memoryDatabase();
  let broken = true;
  const open = () => (broken ? Promise.reject(new Error("corrupted")) : memory.open());
  await using plane = await start({ database: { ...memory, open } });
  await plane.telemetry.writeLogs([log("lost")]);
  await expect(bodies(plane.telemetry)).rejects.toThrow("STORE_UNAVAILABLE");
  broken = false;
  plane.clock.advance(1_000);
  await plane.telemetry.writeLogs([log("kept")]);
  expect(await bodies(plane.telemetry)).toEqual(["kept"]);
});

test("a database of a newer format is left as it is", async () => {
  const database = memoryDatabase();
  await database.open();
  const format = { type: "put", key: Buffer.from("Mformat"), value: Buffer.from([8, 99]) } as const;
  await database.batch([format], { sync: true });
  await using plane = await start({ database });
  await plane.telemetry.writeLogs([log("lost")]);
  await expect(bodies(plane.telemetry)).rejects.toThrow("STORE_UNAVAILABLE");
});

test("what is older than the retention is dropped, all kinds, with its index and its counts", async () => {
  const database = memoryDatabase();
  await using plane = await start({ database, limits: { maxAgeMs: 3_600_000 } });
  await register(plane.store, "a1");
  report(plane.telemetry);
  await plane.telemetry.writeLogs([log("old")]);
  expect(await bodies(plane.telemetry)).toEqual(["old"]);
  expect(await events(plane.telemetry)).toHaveLength(2);
  plane.clock.advance(3_600_000 + 20_000);
  await untilEmpty(plane.telemetry);
  expect(await callCount(plane.telemetry)).toBe(0);
  expect(await events(plane.telemetry)).toEqual([]);
  expect(new Set(await keysOf(database))).toEqual(new Set(["M"]));
  expect(await plane.metric("kept_bytes")).toBe(0);
});

test("while too much is kept the oldest is dropped first", async () => {
  await using plane = await start({ limits: { maxBytes: 20_000 } });
  for (let n = 0; n < 100; n++) {
    const timeNs = NOW_NS - BigInt(100 - n) * 10_000_000_000n;
    await plane.telemetry.writeLogs([log(`${n} ${"x".repeat(500)}`, { timeNs })]);
  }
  await bodies(plane.telemetry);
  plane.clock.advance(5_000);
  const limit = 40;
  for (let left = limit; left >= limit; await turns()) left = (await bodies(plane.telemetry)).length;
  const left = await bodies(plane.telemetry);
  expect(left.length).toBeGreaterThan(20);
  expect(left.map((body) => Number.parseInt(body, 10))).toEqual(left.map((_, n) => 99 - n));
});

test("bytes kept are counted the same after a restart", async () => {
  const database = memoryDatabase();
  await using first = await start({ database });
  await register(first.store, "a1");
  report(first.telemetry);
  await first.telemetry.writeLogs([log("one")]);
  await first.telemetry[Symbol.asyncDispose]();
  await using second = await start({ database, store: first.store });
  const kept = await second.metric("kept_bytes");
  const real = await realBytes(database);
  expect(kept).toBe(real);
});

test("a report that grows a series again counts its bytes once", async () => {
  const database = memoryDatabase();
  await using plane = await start({ database });
  for (let n = 0; n < 5; n++) {
    report(plane.telemetry);
    await callCount(plane.telemetry);
  }
  await plane.telemetry[Symbol.asyncDispose]();
  await using second = await start({ database, store: plane.store });
  expect(await second.metric("kept_bytes")).toBe(await realBytes(database));
});

test("a log that is asked for while another is written blocks nobody: reads and writes go on side by side", async () => {
  await using plane = await start();
  await plane.telemetry.writeLogs(Array.from({ length: 1_000 }, (_, n) => log(`${n}`)));
  const reads = Array.from({ length: 20 }, () => plane.telemetry.queryLogs({ query: EVERY_LOG, pageSize: 1_000 }));
  const writes = Array.from({ length: 20 }, (_, n) => plane.telemetry.writeLogs([log(`more ${n}`)]));
  const pages = await Promise.all(reads);
  expect(pages.every(({ records }) => records.length === 1_000)).toBe(true);
  expect((await Promise.all(writes)).every(({ accepted }) => accepted === 1)).toBe(true);
});

test("a stop writes what waits and ends every tail", async () => {
  const database = memoryDatabase();
  await using plane = await start({ database });
  const { signal } = new AbortController();
  const logs = plane.telemetry.tailLogs({ query: EVERY_LOG, backlog: 0, signal })[Symbol.asyncIterator]();
  const tail = plane.telemetry.tailEvents({ query: EVERY_EVENT, afterRevision: 0n, signal })[Symbol.asyncIterator]();
  const ends = [logs.next(), tail.next()];
  await plane.telemetry[Symbol.asyncDispose]();
  expect((await Promise.all(ends)).every(({ done }) => done)).toBe(true);
  await plane.telemetry[Symbol.asyncDispose]();
  expect(plane.clock.pending).toBe(1);
});

/** Lets what is under way on the database come to its end. */
async function turns(): Promise<void> {
  for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve));
}

async function untilEmpty(telemetry: Telemetry): Promise<void> {
  while ((await bodies(telemetry)).length > 0) await turns();
  await turns();
}

async function realBytes(database: TelemetryDatabase): Promise<number> {
  const iterator = database.iterator({ gte: Buffer.from("A"), lt: Buffer.from("Z") });
  const entries = await iterator.nextv(100_000);
  await iterator.close();
  const counted = entries.filter(([key]) => !"MU".includes(String.fromCharCode(key[0] ?? 0)));
  return counted.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
}
