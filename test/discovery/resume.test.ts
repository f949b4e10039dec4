import { describe, expect, test } from "vitest";
import { anInstance, aService, keyOfInstance, keyOfService } from "../support/entities.js";
import { openBench, target, Watcher } from "./bench.js";

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

  test("goes on after a restart as if nothing had been", async () => {
    await using bench = await openBench();
    const seen = await bench.put(aService("x"), anInstance("x", "a"));
    await bench.put(anInstance("x", "b"));
    await using restarted = await openBench({ store: bench.store, clock: bench.clock });
    const batch = await new Watcher(restarted.discovery, { targets: [target("x")], afterRevision: seen }).raw();
    expect(batch.value).toMatchObject({ reset: false, synced: true });
    expect(batch.value.updates[0].put.map(({ instance }: { instance: { id: string } }) => instance.id)).toEqual(["b"]);
  });
});
