import { describe, expect, test } from "vitest";
import { type ChangeSet, DomainError } from "../../src/model/index.js";
import type { Store } from "../../src/store/index.js";
import { anInstance, aService, keyOfInstance, keyOfService } from "../support/entities.js";
import { openBench, target, Watcher } from "./bench.js";

/** The store, whose history goes after one change set of each read while `going`, as compaction can make it go. */
function goingStore(store: Store): Store & { going: boolean } {
  const instead = {
    going: false,
    async *changes(options: Parameters<Store["changes"]>[0]): AsyncIterable<ChangeSet> {
      let told = 0;
      for await (const changeSet of store.changes(options)) {
        if (!instead.going || told++ === 0) {
          yield changeSet;
          continue;
        }
        const { revision: current } = store.status();
        throw new DomainError({ reason: "REVISION_OUT_OF_RANGE", requested: options.after, oldest: current, current });
      }
    },
  };
  return new Proxy(instead as unknown as Store & typeof instead, {
    get(own, name) {
      if (name in own) return Reflect.get(own, name);
      const value: unknown = Reflect.get(store, name);
      return typeof value === "function" ? value.bind(store) : value;
    },
  });
}

describe("a watch that resumes", () => {
  test("is told what it missed, merged, then synced, and no full set", async () => {
    await using bench = await openBench();
    const seen = await bench.put(aService("x"), anInstance("x", "a"), anInstance("x", "b"));
    await bench.put(anInstance("x", "c"));
    const last = await bench.remove(keyOfInstance("x", "a"));
    const batch = await new Watcher(bench.discovery, { targets: [target("x")], afterRevision: seen }).raw();
    expect(batch.value).toMatchObject({ revision: last, synced: true, reset: false });
    expect(batch.value.updates).toMatchObject([{ service: "x", reset: false, removed: ["a"] }]);
  });

  test("repeats nothing when nothing happened, and goes on from there", async () => {
    await using bench = await openBench();
    const seen = await bench.put(aService("x"), anInstance("x", "a"));
    const watcher = new Watcher(bench.discovery, { targets: [target("x")], afterRevision: seen });
    expect(await watcher.next()).toMatchObject({ revision: seen, updates: [], synced: true, reset: false });
    const later = await bench.put(anInstance("x", "b"));
    expect(await watcher.next()).toMatchObject({ revision: later, synced: false });
  });

  test("learns that a service was deleted while it was away", async () => {
    await using bench = await openBench();
    const seen = await bench.put(aService("x"), anInstance("x", "a"));
    await bench.remove(keyOfService("x"), keyOfInstance("x", "a"));
    const batch = await new Watcher(bench.discovery, { targets: [target("x")], afterRevision: seen }).raw();
    expect(batch.value.updates).toMatchObject([{ service: "x", exists: false, removed: ["a"] }]);
  });

  test("is told of a delete at the very revision of the compaction", async () => {
    await using bench = await openBench({ historyCapacity: 1 });
    const seen = await bench.put(aService("x"), anInstance("x", "a"), anInstance("x", "b"));
    await bench.remove(keyOfInstance("x", "a"));
    await bench.put(anInstance("x", "b", { version: "2" }));
    await bench.store.compact(seen);
    const batch = await new Watcher(bench.discovery, { targets: [target("x")], afterRevision: seen }).raw();
    expect(batch.value).toMatchObject({ reset: false, updates: [{ removed: ["a"] }] });
  });

  test("starts over with reset when its history is gone", async () => {
    await using bench = await openBench({ historyCapacity: 1 });
    const seen = await bench.put(aService("x"), anInstance("x", "a"));
    await bench.put(anInstance("x", "b"));
    const last = await bench.put(anInstance("x", "c"));
    await bench.store.compact(last);
    const watcher = new Watcher(bench.discovery, { targets: [target("x")], afterRevision: seen });
    expect(await watcher.next()).toMatchObject({ reset: true, synced: true, revision: last });
    expect(watcher.reader.ids("x")).toEqual(["a", "b", "c"]);
  });

  test("starts over with reset from a revision that this store never reached", async () => {
    await using bench = await openBench();
    const revision = await bench.put(aService("x"), anInstance("x", "a"));
    const watcher = new Watcher(bench.discovery, { targets: [target("x")], afterRevision: revision + 1_000n });
    expect(await watcher.next()).toMatchObject({ reset: true, synced: true, revision });
  });

  test("misses nothing that is committed while it catches up", async () => {
    await using bench = await openBench({ historyCapacity: 1 });
    const seen = await bench.put(aService("x"));
    for (let i = 0; i < 50; i++) await bench.put(anInstance("x", `i-${i}`));
    const watcher = new Watcher(bench.discovery, { targets: [target("x")], afterRevision: seen });
    const first = watcher.next();
    const late = await bench.put(anInstance("x", "late"));
    await first;
    await watcher.until(late);
    expect(watcher.reader.ids("x").length).toBe(51);
  });

  test.each([true, false])("goes on after a restart as if nothing had been; history recalled: %s", async (recall) => {
    await using bench = await openBench();
    const seen = await bench.put(aService("x"), anInstance("x", "a"));
    await bench.put(anInstance("x", "b"));
    await using restarted = await openBench({ store: bench.store, clock: bench.clock, recall });
    const batch = await new Watcher(restarted.discovery, { targets: [target("x")], afterRevision: seen }).raw();
    expect(batch.value).toMatchObject({ reset: false, synced: true });
    expect(batch.value.updates[0].put.map(({ instance }: { instance: { id: string } }) => instance.id)).toEqual(["b"]);
  });

  test("misses nothing when history is recalled only after further commits", async () => {
    await using bench = await openBench();
    const seen = await bench.put(aService("x"), anInstance("x", "a"));
    await bench.put(anInstance("x", "b"));
    await using restarted = await openBench({ store: bench.store, clock: bench.clock, recall: false });
    const last = await bench.put(anInstance("x", "c"));
    restarted.discovery.recallHistory();
    const watcher = new Watcher(restarted.discovery, { targets: [target("x")], afterRevision: seen });
    await watcher.until(last);
    expect(watcher.reader.ids("x")).toEqual(["b", "c"]);
  });

  test('with "*" hears of a service that went while it stood still, when that history is gone', async () => {
    await using bench = await openBench({ historyCapacity: 1, maxPendingChanges: 4 });
    await bench.put(aService("x"));
    const seen = await bench.put(aService("y"));
    const first = await new Watcher(bench.discovery, { targets: [target("*")] }).synced();
    first.stop();
    const watcher = new Watcher(bench.discovery, { targets: [target("*")], afterRevision: seen }, first.reader);
    await watcher.synced();
    await bench.remove(keyOfService("y"));
    for (let i = 0; i < 10; i++) await bench.put(anInstance("x", `i-${i}`));
    await bench.store.compact(bench.discovery.revision);
    await watcher.until(bench.discovery.revision);
    expect(watcher.reader.exists.get("0/y")).toBe(false);
  });

  test("tells nothing of a history that went while it was read", async () => {
    await using bench = await openBench();
    const seen = await bench.put(aService("x"));
    await bench.put(anInstance("x", "gone"));
    await bench.remove(keyOfInstance("x", "gone"));
    await bench.put(anInstance("x", "gone"));
    await bench.remove(keyOfInstance("x", "gone"));
    const store = goingStore(bench.store);
    await using late = await openBench({ store, clock: bench.clock, historyCapacity: 1, maxPendingChanges: 4 });
    store.going = true;
    const watcher = new Watcher(late.discovery, { targets: [target("x")], afterRevision: seen });
    expect(await watcher.next()).toMatchObject({ reset: true, synced: true });
    store.going = false;
    for (let i = 0; i < 10; i++) await bench.put(anInstance("x", `i-${i % 3}`, { version: String(i) }));
    expect(await watcher.next()).toMatchObject({ merged: 7 });
    expect(watcher.reader.ids("x")).toEqual(["i-0", "i-1", "i-2"]);
  });

  test("keeps nobody else waiting, however much it missed", async () => {
    await using bench = await openBench();
    const seen = await bench.put(aService("x"));
    for (let i = 0; i < 2_000; i++) await bench.put(anInstance("x", `i-${i % 5}`, { version: String(i) }));
    let told = 0;
    const watchers = [1, 2, 3].map(() => new Watcher(bench.discovery, { targets: [target("x")], afterRevision: seen }));
    const all = Promise.all(watchers.map((watcher) => watcher.next().then(() => told++)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toBe(0);
    await all;
    expect(watchers.map(({ reader }) => [reader.revision, reader.ids("x").length])).toEqual(
      watchers.map(() => [bench.discovery.revision, 5]),
    );
  });

  test("is forgotten when its signal aborts while it catches up", async () => {
    await using bench = await openBench();
    const seen = await bench.put(aService("x"));
    for (let i = 0; i < 1_000; i++) await bench.put(anInstance("x", `i-${i % 5}`, { version: String(i) }));
    const watcher = new Watcher(bench.discovery, { targets: [target("x")], afterRevision: seen });
    const first = watcher.raw();
    watcher.stop();
    expect(await first).toEqual({ value: undefined, done: true });
    expect(bench.discovery.counts().watches).toBe(0);
  });
});
