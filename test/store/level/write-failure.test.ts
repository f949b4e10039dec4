import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLevelStore, type Store } from "../../../src/store/index.js";
import { LevelDisk } from "../../../src/store/level/level-disk.js";
import {
  aSession,
  collect,
  commitMany,
  deleting,
  failureOf,
  putting,
  sorted,
  stateOf,
} from "../../suites/store/kit.js";
import { anInstance, aService, keyOfInstance } from "../../support/entities.js";
import { FakeClock } from "../../support/fake-clock.js";
import { FaultyDisk } from "../../support/faulty-disk.js";
import { storeOptions } from "../../support/store-options.js";

const UNAVAILABLE = { fault: { reason: "STORE_UNAVAILABLE", retryAfterMs: 1_000 } };

let dataDir: string;
let store: Store;
let disk: FaultyDisk;
let clock: FakeClock;
let nextLog: (message: string) => Promise<void>;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "portolan-fault-"));
  clock = new FakeClock();
  const logged = awaitableLog();
  nextLog = logged.next;
  const openDisk = async (location: string) => {
    disk = new FaultyDisk(await LevelDisk.open(location));
    return disk;
  };
  store = await openLevelStore({ ...storeOptions({ dataDir, clock, log: logged.log }), openDisk });
});

afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true });
});

/** A log whose lines can be awaited. */
function awaitableLog() {
  const waiting = new Map<string, () => void>();
  const write = (line: string) => {
    const { msg } = JSON.parse(line) as { msg: string };
    waiting.get(msg)?.();
  };
  const next = (message: string) => new Promise<void>((resolve) => waiting.set(message, resolve));
  return { log: pino({ level: "debug" }, { write }), next };
}

/** Lets time pass until the store writes again. */
async function recover(): Promise<void> {
  disk.fault = "none";
  disk.stuck = false;
  const recovered = nextLog("the store writes again");
  clock.advance(1_000);
  await recovered;
}

async function reopen(): Promise<void> {
  await store[Symbol.asyncDispose]();
  store = await openLevelStore(storeOptions({ dataDir }));
}

test("a failed write refuses its commit and all that wait behind it, and nothing of them happened", async () => {
  await store.commit(putting(anInstance("pay", "a", { version: "1" })));
  disk.fault = "refuse";
  const puts = ["2", "3"].map((version) => store.commit(putting(anInstance("pay", "a", { version }))));
  const gone = store.commit(deleting(keyOfInstance("pay", "a")));
  const empty = store.commit({ actor: "test", cause: "update" });
  const conflict = store.commit({ ...putting(), expect: [{ key: keyOfInstance("pay", "a"), modRevision: 3n }] });
  const outcomes = await Promise.allSettled([...puts, gone, empty, conflict]);
  for (const outcome of outcomes) expect(outcome).toMatchObject({ status: "rejected", reason: UNAVAILABLE });
  expect(store.peek(keyOfInstance("pay", "a"))?.value).toMatchObject({ version: "1", modRevision: 1n });
  expect([...store.peekInstances("service/default/pay")]).toEqual([keyOfInstance("pay", "a")]);
});

test("while it cannot write, it says so, refuses commits at once and goes on reading", async () => {
  await commitMany(store, 3, () => aService("pay"));
  disk.fault = "refuse";
  disk.stuck = true;
  await failureOf(() => store.commit(putting(aService("pay"))));
  expect(store.status()).toMatchObject({ writable: false, revision: 3n });
  expect(await failureOf(() => store.commit(putting(aService("pay"))))).toMatchObject(UNAVAILABLE);
  expect([...store.snapshot().entities]).toHaveLength(1);
  expect(await collect(store.changes({ after: 0n }))).toHaveLength(3);
  expect(await collect(store.backup())).not.toHaveLength(0);
  expect(await store.commit({ actor: "test", cause: "update" })).toMatchObject({ revision: 3n, changed: false });
});

test("tries again every second and recovers by itself, without a gap in the revisions", async () => {
  await store.commit(putting(aService("pay")));
  disk.fault = "refuse";
  disk.stuck = true;
  await failureOf(() => store.commit(putting(aService("pay"))));
  const failed = nextLog("the store still cannot write");
  clock.advance(1_000);
  await failed;
  expect(store.status().writable).toBe(false);
  await recover();
  expect(store.status().writable).toBe(true);
  expect((await store.commit(putting(aService("pay")))).revision).toBe(2n);
  expect((await collect(store.changes({ after: 0n }))).map(({ revision }) => revision)).toEqual([1n, 2n]);
});

test("a batch that was written but reported as failed does not come back", async () => {
  await store.commit({ ...putting(anInstance("pay", "a"), aService("pay")), sessions: [{ put: aSession("kept") }] });
  disk.fault = "lie";
  const lost = {
    ...putting(anInstance("pay", "b"), aService("pay", { owner: "nobody" })),
    deletes: [keyOfInstance("pay", "a")],
    sessions: [{ put: aSession("lost") }, { delete: "kept" }],
  };
  expect(await failureOf(() => store.commit(lost))).toMatchObject(UNAVAILABLE);
  await recover();
  const state = sorted(stateOf(store.snapshot()));
  await reopen();
  expect(store.status().revision).toBe(1n);
  expect(sorted(stateOf(store.snapshot()))).toEqual(state);
  expect(store.sessions()).toEqual([aSession("kept")]);
  expect((await collect(store.changes({ after: 0n }))).map(({ revision }) => revision)).toEqual([1n]);
});

test("a compaction that cannot be marked is refused, and history stays readable", async () => {
  await commitMany(store, 3, () => aService("pay"));
  disk.fault = "lie";
  expect(await failureOf(() => store.compact(2n))).toMatchObject(UNAVAILABLE);
  expect(store.status()).toMatchObject({ writable: false, compactedRevision: 0n });
  await recover();
  await reopen();
  expect(store.status().compactedRevision).toBe(0n);
  expect(await collect(store.changes({ after: 0n }))).toHaveLength(3);
});

test("every batch is written through to the disk before it is answered, with one write", async () => {
  disk.synced.length = 0;
  await Promise.all(["a", "b", "c"].map((id) => store.commit(putting(anInstance("pay", id)))));
  await store.commit({ actor: "test", cause: "register", sessions: [{ put: aSession("s") }] });
  expect(disk.synced).toEqual([true, true]);
});

test("closes while it cannot write", async () => {
  await store.commit(putting(aService("pay")));
  disk.fault = "refuse";
  await failureOf(() => store.commit(putting(aService("pay"))));
  await reopen();
  expect(store.status()).toMatchObject({ writable: true, revision: 1n });
});
