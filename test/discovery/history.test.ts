import pino from "pino";
import { expect, test } from "vitest";
import { History } from "../../src/discovery/history.js";
import { type ChangeSet, DomainError } from "../../src/model/index.js";
import type { Store } from "../../src/store/index.js";
import { deferred } from "../support/deferred.js";
import { anInstance, aService } from "../support/entities.js";
import { openBench } from "./bench.js";

const log = pino({ level: "silent" });

/** Revisions of the history after one, up to another. */
async function readAll(history: History, after: bigint, until: bigint): Promise<bigint[]> {
  const revisions: bigint[] = [];
  const { signal } = new AbortController();
  await history.read({ after, until, signal, take: ({ revision }) => revisions.push(revision) });
  return revisions;
}

test.each([
  ["many", { capacity: 10, maxBytes: 1_000_000 }, {}],
  ["large", { capacity: 1_000, maxBytes: 200_000 }, { label: "x".repeat(20_000) }],
])("recent history lets go when changes are too %s, and the store's log goes on for it", async (_, bounds, labels) => {
  await using bench = await openBench();
  let reads = 0;
  const store = new Proxy(bench.store, {
    get(real, name) {
      if (name === "changes") reads++;
      const value: unknown = Reflect.get(real, name);
      return typeof value === "function" ? value.bind(real) : value;
    },
  });
  const history = new History({ store, log, ...bounds });
  bench.store.subscribe((changeSets) => {
    for (const changeSet of changeSets) history.push(changeSet);
  });
  const first = await bench.put(aService("x"));
  for (let i = 0; i < 30; i++) await bench.put(anInstance("x", "a", { version: String(i), labels }));
  const last = first + 30n;
  expect(await readAll(history, last - 5n, last)).toHaveLength(5);
  expect(reads).toBe(0);
  const all = await readAll(history, first, last);
  expect(all).toEqual(Array.from({ length: 30 }, (_unused, i) => first + BigInt(i + 1)));
  expect(reads).toBe(1);
});

/** A store whose history is read only when the test lets it. */
function held(real: Store, until: Promise<void>): { store: Store; reads(): number } {
  let reads = 0;
  const store = new Proxy(real, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name === "changes")
        return async function* (...options: Parameters<Store["changes"]>) {
          reads++;
          await until;
          yield* real.changes(...options);
        };
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { store, reads: () => reads };
}

test("who resumes while a restarted plane still reads its history back waits for it, and misses nothing", async () => {
  await using bench = await openBench();
  const first = await bench.put(aService("x"));
  for (let i = 0; i < 9; i++) await bench.put(anInstance("x", "a", { version: String(i) }));
  const gate = deferred<void>();
  const { store, reads } = held(bench.store, gate.promise);
  using history = new History({ store, log, capacity: 1_000 });
  bench.store.subscribe((changeSets) => {
    for (const changeSet of changeSets) history.push(changeSet);
  });
  history.load(first + 9n);
  const last = await bench.put(anInstance("x", "a", { version: "while it reads" }));
  const reading = readAll(history, first, last);
  gate.resolve();
  expect(await reading).toEqual(Array.from({ length: 10 }, (_unused, i) => first + BigInt(i + 1)));
  expect(reads()).toBe(1);
});

test("history that cannot be read back is left to the store", async () => {
  await using bench = await openBench();
  const first = await bench.put(aService("x"));
  const last = await bench.put(anInstance("x", "a"));
  const gate = deferred<void>();
  const { store, reads } = held(bench.store, gate.promise);
  using history = new History({ store, log, capacity: 1_000 });
  history.load(last);
  gate.promise.catch(() => {}); // nobody may wait for it yet
  gate.reject(new Error("the disk is gone"));
  await expect(readAll(history, first, last)).rejects.toThrow("the disk is gone"); // the store's own read fails too
  expect(reads()).toBe(2);
});

test("history that is said to be gone, and was not compacted, is asked for once", async () => {
  await using bench = await openBench();
  const first = await bench.put(aService("x"));
  const last = await bench.put(anInstance("x", "a"));
  const gone = new DomainError({ reason: "REVISION_OUT_OF_RANGE", requested: 0n, oldest: 0n, current: last });
  const gate = deferred<void>();
  gate.promise.catch(() => {});
  gate.reject(gone);
  const { store, reads } = held(bench.store, gate.promise);
  using history = new History({ store, log, capacity: 1_000 });
  history.load(last);
  await expect(readAll(history, first, last)).rejects.toBe(gone); // after the loading: the store's own read fails too
  expect(reads()).toBe(2);
});

test("what came while history was read back is kept, also when that was too much to keep what is older", async () => {
  await using bench = await openBench();
  const first = await bench.put(aService("x"));
  const gate = deferred<void>();
  const { store } = held(bench.store, gate.promise);
  using history = new History({ store, log, capacity: 5 });
  bench.store.subscribe((changeSets) => {
    for (const changeSet of changeSets) history.push(changeSet);
  });
  history.load(first);
  for (let i = 0; i < 9; i++) await bench.put(anInstance("x", "a", { version: String(i) }));
  gate.resolve();
  expect(await readAll(history, first + 6n, first + 9n)).toEqual([first + 7n, first + 8n, first + 9n]);
});

/** The store, which is compacted up to `revision` while its history is read for the first time. */
function overtaken(store: Store, revision: bigint): Store {
  let first = true;
  async function* changes(options: Parameters<Store["changes"]>[0]): AsyncIterable<ChangeSet> {
    for await (const changeSet of store.changes(options)) {
      yield changeSet;
      if (!first) continue;
      first = false;
      const oldest = await store.compact(revision);
      throw new DomainError({ reason: "REVISION_OUT_OF_RANGE", requested: options.after, oldest, current: revision });
    }
  }
  return new Proxy(store, {
    get(real, name) {
      if (name === "changes") return changes;
      const value: unknown = Reflect.get(real, name);
      return typeof value === "function" ? value.bind(real) : value;
    },
  });
}

test("a restart reads recent history back although compaction overtakes it", async () => {
  await using bench = await openBench();
  const first = await bench.put(aService("x"));
  for (let i = 0; i < 10; i++) await bench.put(anInstance("x", "a", { version: String(i) }));
  const last = first + 10n;
  using history = new History({ store: overtaken(bench.store, last - 3n), log, capacity: 100 });
  history.load(last);
  expect(await readAll(history, last - 3n, last)).toEqual([last - 2n, last - 1n, last]);
});
