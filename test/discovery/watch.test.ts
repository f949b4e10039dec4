import { describe, expect, test } from "vitest";
import { anInstance, aService, keyOfInstance, keyOfService } from "../support/entities.js";
import { ANYBODY, openBench, target, Watcher } from "./bench.js";

describe("a watch that starts from nothing", () => {
  test("tells the full set first, with reset, then synced", async () => {
    await using bench = await openBench();
    const revision = await bench.put(aService("checkout"), anInstance("checkout", "a"), anInstance("checkout", "b"));
    const batch = await new Watcher(bench.discovery, { targets: [target("checkout")] }).next();
    expect(batch).toMatchObject({ revision, reset: true, synced: true });
    expect(batch.updates).toMatchObject([{ service: "checkout", exists: true, reset: true, target: 0 }]);
    expect(batch.updates[0]?.put.map(({ instance }) => instance.id)).toEqual(["a", "b"]);
  });

  test("tells an unknown service from one without instances", async () => {
    await using bench = await openBench();
    await bench.put(aService("empty"));
    const watcher = new Watcher(bench.discovery, { targets: [target("empty"), target("unknown")] });
    const { updates } = await watcher.next();
    expect(updates.map(({ service, exists, put }) => ({ service, exists, put: put.length }))).toEqual([
      { service: "empty", exists: true, put: 0 },
      { service: "unknown", exists: false, put: 0 },
    ]);
  });

  test("is subscribed before it is read: what happens in between is in the full set, once", async () => {
    await using bench = await openBench();
    await bench.put(aService("checkout"));
    const watcher = new Watcher(bench.discovery, { targets: [target("checkout")] });
    const before = await bench.put(anInstance("checkout", "a"));
    await watcher.synced();
    expect(watcher.reader.ids("checkout")).toEqual(["a"]);
    expect(watcher.reader.revision).toBe(before);
    const after = await bench.put(anInstance("checkout", "b"));
    const batch = await watcher.next();
    expect(batch.revision).toBe(after);
    expect(batch.updates[0]?.put.map(({ instance }) => instance.id)).toEqual(["b"]);
  });

  test("answers at once on an empty store", async () => {
    await using bench = await openBench();
    const batch = await new Watcher(bench.discovery, { targets: [target("*")] }).next();
    expect(batch).toMatchObject({ synced: true, reset: true, updates: [], revision: 0n });
  });

  test("cuts a full set into pieces that clients can read, and only the last has a revision", async () => {
    await using bench = await openBench();
    const labels = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`key-${i}`, "v".repeat(1_000)]));
    await bench.put(aService("big"));
    for (let i = 0; i < 100; i++) await bench.put(anInstance("big", `i-${i}`, { labels }));
    const watcher = new Watcher(bench.discovery, { targets: [target("big")] });
    const pieces = [await watcher.next()];
    while (!watcher.reader.synced) pieces.push(await watcher.next());
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.slice(0, -1).every(({ revision, synced }) => revision === 0n && !synced)).toBe(true);
    expect(pieces.map(({ reset }) => reset)).toEqual([true, ...pieces.slice(1).map(() => false)]);
    expect(watcher.reader.ids("big").length).toBe(100);
    expect(watcher.reader.revision).toBe(bench.discovery.revision);
  });
});

describe("a watch that is read as things happen", () => {
  test("tells every change once, in the order of revisions", async () => {
    await using bench = await openBench();
    await bench.put(aService("checkout"));
    const watcher = await new Watcher(bench.discovery, { targets: [target("checkout")] }).synced();
    const told: unknown[] = [];
    for (const version of ["1", "2", "3"]) {
      const revision = await bench.put(anInstance("checkout", "a", { version }));
      const batch = await watcher.next();
      told.push([batch.revision === revision, batch.updates[0]?.put.map(({ instance }) => instance.version)]);
    }
    expect(told).toEqual([
      [true, ["1"]],
      [true, ["2"]],
      [true, ["3"]],
    ]);
    const gone = await bench.remove(keyOfInstance("checkout", "a"));
    expect(await watcher.next()).toMatchObject({ revision: gone, updates: [{ removed: ["a"], put: [] }] });
  });

  test("tells all changes of one commit in one response", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"), aService("y"), anInstance("x", "old"));
    const watcher = await new Watcher(bench.discovery, { targets: [target("x"), target("y")] }).synced();
    const { revision } = await bench.store.commit({
      actor: "test",
      cause: "register",
      puts: [anInstance("x", "new"), anInstance("y", "new")],
      deletes: [keyOfInstance("x", "old")],
    });
    const batch = await watcher.next();
    expect(batch.revision).toBe(revision);
    expect(batch.updates).toMatchObject([
      { service: "x", target: 0, removed: ["old"] },
      { service: "y", target: 1, removed: [] },
    ]);
    expect(watcher.reader.ids("x")).toEqual(["new"]);
    expect(watcher.reader.ids("y", 1)).toEqual(["new"]);
  });

  test("says when the newest change was committed", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"));
    const watcher = await new Watcher(bench.discovery, { targets: [target("x")] }).synced();
    bench.clock.advance(5_000);
    await bench.put(anInstance("x", "a"));
    expect((await watcher.next()).committedAtMs).toBe(bench.clock.wallMs());
  });

  test("is not woken by changes that do not concern it", async () => {
    await using bench = await openBench();
    await bench.put(aService("mine"), aService("other"));
    const watcher = await new Watcher(bench.discovery, { targets: [target("mine")] }).synced();
    const next = watcher.next();
    await bench.put(anInstance("other", "a"));
    const mine = await bench.put(anInstance("mine", "a"));
    expect(await next).toMatchObject({ revision: mine, merged: 0 });
  });

  test("tells that a service was deleted, and that it came back", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"), anInstance("x", "a"));
    const watcher = await new Watcher(bench.discovery, { targets: [target("x")] }).synced();
    await bench.remove(keyOfService("x"), keyOfInstance("x", "a"));
    expect((await watcher.next()).updates).toMatchObject([{ exists: false, removed: ["a"] }]);
    await bench.put(aService("x"));
    expect((await watcher.next()).updates).toMatchObject([{ exists: true, put: [], removed: [] }]);
  });

  test('with "*" follows services that appear and go', async () => {
    await using bench = await openBench();
    await bench.put(aService("old"), anInstance("old", "a"));
    const watcher = await new Watcher(bench.discovery, { targets: [target("*")] }).synced();
    await bench.put(aService("new"), anInstance("new", "b"));
    await watcher.next();
    expect(watcher.reader.ids("new")).toEqual(["b"]);
    await bench.remove(keyOfService("old"), keyOfInstance("old", "a"));
    await watcher.next();
    expect(watcher.reader.exists.get("0/old")).toBe(false);
  });

  test('with "*" keeps to its namespace', async () => {
    await using bench = await openBench();
    const watcher = await new Watcher(bench.discovery, { targets: [target("*")] }).synced();
    await bench.put(aService("x", { namespace: "elsewhere" }), anInstance("x", "a", { namespace: "elsewhere" }));
    const here = await bench.put(aService("y"));
    expect(await watcher.next()).toMatchObject({ revision: here, updates: [{ service: "y" }] });
  });

  test("tells two targets of one service apart by their number", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"));
    const v2 = { text: "v2", matches: ({ version }: { version: string }) => version === "2" };
    const watcher = await new Watcher(bench.discovery, {
      targets: [target("x"), target("x", { filter: v2 })],
    }).synced();
    await bench.put(anInstance("x", "a", { version: "1" }), anInstance("x", "b", { version: "2" }));
    await watcher.next();
    expect(watcher.reader.ids("x", 0)).toEqual(["a", "b"]);
    expect(watcher.reader.ids("x", 1)).toEqual(["b"]);
  });

  test("gives the same target named twice to both", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"));
    const watcher = await new Watcher(bench.discovery, { targets: [target("x"), target("x")] }).synced();
    await bench.put(anInstance("x", "a"));
    await watcher.next();
    expect([watcher.reader.ids("x", 0), watcher.reader.ids("x", 1)]).toEqual([["a"], ["a"]]);
  });
});

describe("what a watch shows", () => {
  test("an instance that stops serving leaves, and comes back", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"), anInstance("x", "a"));
    const watcher = await new Watcher(bench.discovery, { targets: [target("x")] }).synced();
    await bench.put(anInstance("x", "a", { health: "not-serving" }));
    expect((await watcher.next()).updates).toMatchObject([{ removed: ["a"], put: [] }]);
    await bench.put(anInstance("x", "a", { health: "degraded" }));
    expect((await watcher.next()).updates).toMatchObject([{ removed: [] }]);
    expect(watcher.reader.ids("x")).toEqual(["a"]);
  });

  test("who asks for unhealthy ones sees them change instead", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"), anInstance("x", "a"));
    const viewer = { ...ANYBODY, includeUnhealthy: true };
    const watcher = await new Watcher(bench.discovery, { targets: [target("x")], viewer }).synced();
    await bench.put(anInstance("x", "a", { health: "not-serving" }));
    const { updates } = await watcher.next();
    expect(updates[0]?.put[0]?.instance.health).toBe("not-serving");
  });

  test("an instance that matches its filter no longer is removed", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"), anInstance("x", "a", { labels: { env: "prod" } }));
    const filter = {
      text: "prod",
      matches: ({ labels }: { labels: Readonly<Record<string, string>> }) => labels.env === "prod",
    };
    const watcher = await new Watcher(bench.discovery, { targets: [target("x", { filter })] }).synced();
    await bench.put(anInstance("x", "a", { labels: { env: "test" } }));
    expect((await watcher.next()).updates).toMatchObject([{ removed: ["a"], put: [] }]);
  });

  test("only the endpoint that was asked for, of instances that have it", async () => {
    await using bench = await openBench();
    const endpoint = (name: string) => ({ name, host: "10.0.0.1", port: 80, protocol: "http" as const, tls: false });
    const both = anInstance("x", "both", { endpoints: [endpoint("http"), endpoint("admin")] });
    await bench.put(aService("x"), both, anInstance("x", "one", { endpoints: [endpoint("http")] }));
    const watcher = await new Watcher(bench.discovery, { targets: [target("x", { endpointName: "admin" })] }).synced();
    const shown = watcher.reader.tables.get("0/x")?.get("both");
    expect(watcher.reader.ids("x")).toEqual(["both"]);
    expect(shown?.instance.endpoints.map(({ name }) => name)).toEqual(["admin"]);
  });

  test("nearer instances have a better priority", async () => {
    await using bench = await openBench();
    const at = (region: string, zone: string, subZone: string) => ({ locality: { region, zone, subZone } });
    await bench.put(
      aService("x"),
      anInstance("x", "rack", at("eu", "eu-1", "r1")),
      anInstance("x", "zone", at("eu", "eu-1", "r2")),
      anInstance("x", "region", at("eu", "eu-2", "r1")),
      anInstance("x", "far", at("us", "us-1", "r1")),
      anInstance("x", "nowhere"),
    );
    const viewer = { ...ANYBODY, locality: { region: "eu", zone: "eu-1", subZone: "r1" } };
    const { instances } = bench.discovery.resolve(target("x"), viewer);
    expect(instances.map(({ instance, priority }) => [instance.id, priority])).toEqual([
      ["rack", 0],
      ["zone", 1],
      ["region", 2],
      ["far", 3],
      ["nowhere", 3],
    ]);
  });

  test("a consumer without a place sees everybody alike, and weights as they are", async () => {
    await using bench = await openBench();
    const locality = { region: "eu", zone: "", subZone: "" };
    await bench.put(aService("x"), anInstance("x", "a", { locality, weight: 7 }), anInstance("x", "b"));
    const { instances } = bench.discovery.resolve(target("x"), ANYBODY);
    expect(instances.map(({ priority, effectiveWeight }) => [priority, effectiveWeight])).toEqual([
      [0, 7],
      [0, 100],
    ]);
  });
});

describe("a watch whose reader is slow", () => {
  test("ends with the right state, and says how many changes were left out", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"));
    const watcher = await new Watcher(bench.discovery, { targets: [target("x")] }).synced();
    for (let i = 0; i < 10; i++) await bench.put(anInstance("x", "a", { version: String(i) }));
    const last = await bench.put(anInstance("x", "b"));
    const batch = await watcher.next();
    expect(batch).toMatchObject({ revision: last, merged: 9 });
    expect(watcher.reader.tables.get("0/x")?.get("a")?.instance.version).toBe("9");
    expect(watcher.reader.ids("x")).toEqual(["a", "b"]);
  });

  test("is not told of an instance that came and went unseen, and is told of one that left", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"), anInstance("x", "known"));
    const watcher = await new Watcher(bench.discovery, { targets: [target("x")] }).synced();
    await bench.put(anInstance("x", "brief"));
    await bench.remove(keyOfInstance("x", "brief"));
    await bench.put(anInstance("x", "known", { version: "2" }));
    await bench.remove(keyOfInstance("x", "known"));
    expect((await watcher.next()).updates).toMatchObject([{ put: [], removed: ["known"] }]);
  });

  test("keeps what waits for it bounded by the instances, however long the churn", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"), ...Array.from({ length: 5 }, (_, i) => anInstance("x", `i-${i}`)));
    const watcher = await new Watcher(bench.discovery, { targets: [target("x")] }).synced();
    for (let i = 0; i < 3_000; i++) await bench.put(anInstance("x", `i-${i % 5}`, { version: String(i) }));
    const { updates, merged } = await watcher.next();
    expect(updates[0]?.put.length).toBe(5);
    expect(merged).toBe(2_995);
  });

  test.each([1, 1_000])(
    "is told from history what was let go while it stood still: %i changes in memory",
    async (historyCapacity) => {
      await using bench = await openBench({ historyCapacity, maxPendingChanges: 4 });
      await bench.put(aService("x"), anInstance("x", "known"), anInstance("x", "gone"));
      const watcher = await new Watcher(bench.discovery, { targets: [target("x"), target("x")] }).synced();
      for (let i = 0; i < 10; i++) await bench.put(anInstance("x", "a", { version: String(i) }));
      const last = await bench.remove(keyOfInstance("x", "gone"));
      const batch = await watcher.next();
      expect(batch).toMatchObject({ revision: last, reset: false, synced: false, committedAtMs: bench.clock.wallMs() });
      expect([watcher.reader.ids("x", 0), watcher.reader.ids("x", 1)]).toEqual([
        ["a", "known"],
        ["a", "known"],
      ]);
      const later = await bench.put(anInstance("x", "b"));
      expect(await watcher.next()).toMatchObject({ revision: later, updates: [{ removed: [] }, { removed: [] }] });
    },
  );

  test("is told how everything stands when what was let go is gone from history too", async () => {
    await using bench = await openBench({ historyCapacity: 1, maxPendingChanges: 4 });
    await bench.put(aService("x"), anInstance("x", "gone"), aService("y"), anInstance("y", "a"));
    const watcher = await new Watcher(bench.discovery, { targets: [target("x"), target("*")] }).synced();
    for (let i = 0; i < 10; i++) await bench.put(anInstance("x", `i-${i % 3}`, { version: String(i) }));
    const last = await bench.remove(keyOfInstance("x", "gone"), keyOfService("y"), keyOfInstance("y", "a"));
    await bench.store.compact(last);
    const batch = await watcher.next();
    expect(batch).toMatchObject({ revision: last, reset: false, synced: false });
    expect(batch.updates.every(({ reset }) => reset)).toBe(true);
    expect(watcher.reader.ids("x")).toEqual(["i-0", "i-1", "i-2"]);
    expect(watcher.reader.exists.get("1/y")).toBe(false);
    const later = await bench.put(anInstance("x", "b"));
    expect((await watcher.next()).revision).toBe(later);
  });

  test("does not delay a watch that is read", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"));
    const slow = await new Watcher(bench.discovery, { targets: [target("x")] }).synced();
    const quick = await new Watcher(bench.discovery, { targets: [target("x")] }).synced();
    for (let i = 0; i < 5; i++) {
      const revision = await bench.put(anInstance("x", `i-${i}`));
      expect(await quick.next()).toMatchObject({ revision, merged: 0 });
    }
    await slow.next();
    expect(slow.reader.ids("x")).toEqual(quick.reader.ids("x"));
  });
});

describe("bookmarks", () => {
  test("come when nothing happens, at least once an interval", async () => {
    await using bench = await openBench();
    const revision = await bench.put(aService("x"));
    const watcher = await new Watcher(bench.discovery, { targets: [target("x")], bookmarkIntervalMs: 1_000 }).synced();
    for (let i = 0; i < 3; i++) {
      const next = watcher.next();
      bench.clock.advance(1_000);
      expect(await next).toMatchObject({ revision, updates: [], synced: false });
    }
  });

  test("are never later than the interval, however short it is and wherever the wheel's tick stands", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"));
    const watch = () => new Watcher(bench.discovery, { targets: [target("x")], bookmarkIntervalMs: 1_000 }).synced();
    bench.clock.advance(99);
    await watch();
    for (let offset = 0; offset < 100; offset += 9) {
      bench.clock.advance(9);
      const watcher = await watch();
      let told = false;
      void watcher.next().then(() => (told = true));
      bench.clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
      expect({ offset, told }).toEqual({ offset, told: true });
      watcher.stop();
    }
  });

  test("bring a selective watch forward although nothing concerns it", async () => {
    await using bench = await openBench();
    await bench.put(aService("mine"), aService("other"));
    const watcher = await new Watcher(bench.discovery, {
      targets: [target("mine")],
      bookmarkIntervalMs: 1_000,
    }).synced();
    const other = await bench.put(anInstance("other", "a"));
    const next = watcher.next();
    bench.clock.advance(1_000);
    expect(await next).toMatchObject({ revision: other, updates: [] });
  });

  test("never overtake a change that waits", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"), aService("other"));
    const watcher = await new Watcher(bench.discovery, { targets: [target("x")], bookmarkIntervalMs: 1_000 }).synced();
    const change = await bench.put(anInstance("x", "a"));
    await bench.put(anInstance("other", "a"));
    bench.clock.advance(1_000);
    expect(await watcher.next()).toMatchObject({ revision: change, updates: [{ service: "x" }] });
  });

  test("come before history is dropped, to those who do not know yet how far they are", async () => {
    await using bench = await openBench();
    await bench.put(aService("mine"), aService("other"));
    const watcher = await new Watcher(bench.discovery, { targets: [target("mine")] }).synced();
    const other = await bench.put(anInstance("other", "a"));
    const next = watcher.next();
    await bench.store.compact(other);
    expect(await next).toMatchObject({ revision: other, updates: [] });
  });

  test("cost no timer where nobody watches", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"));
    const idle = bench.clock.pending;
    const watcher = await new Watcher(bench.discovery, { targets: [target("x")] }).synced();
    expect(bench.clock.pending).toBe(idle + 1);
    watcher.stop();
    expect(bench.clock.pending).toBe(idle);
  });
});

describe("a watch that ends", () => {
  test("is forgotten when its signal aborts, also while it waits", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"));
    const watcher = await new Watcher(bench.discovery, { targets: [target("x")] }).synced();
    const next = watcher.raw();
    expect(bench.discovery.counts().watches).toBe(1);
    watcher.stop();
    expect((await next).done).toBe(true);
    expect(bench.discovery.counts().watches).toBe(0);
    expect(bench.discovery.sources().views()).toBe(0);
  });

  test("never begins on a signal that aborted before", async () => {
    await using bench = await openBench();
    const watcher = new Watcher(bench.discovery, { targets: [target("x")], signal: AbortSignal.abort() });
    expect((await watcher.raw()).done).toBe(true);
    expect(bench.discovery.counts().watches).toBe(0);
  });

  test("says what waits and a last bookmark when the server stops", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"), aService("other"));
    const idle = await new Watcher(bench.discovery, { targets: [target("x")] }).synced();
    const behind = await new Watcher(bench.discovery, { targets: [target("other")] }).synced();
    const last = await bench.put(anInstance("other", "a"));
    bench.discovery.endWatches();
    expect(await idle.next()).toMatchObject({ revision: last, updates: [] });
    expect((await idle.raw()).done).toBe(true);
    expect(await behind.next()).toMatchObject({ revision: last, updates: [{ service: "other" }] });
    expect((await behind.raw()).done).toBe(true);
  });

  test("tells the full set even when the server stops before it was read", async () => {
    await using bench = await openBench();
    const revision = await bench.put(aService("x"), anInstance("x", "a"));
    const watcher = new Watcher(bench.discovery, { targets: [target("x")] });
    bench.discovery.endWatches();
    expect(await watcher.next()).toMatchObject({ revision, synced: true, reset: true });
    expect((await watcher.raw()).done).toBe(true);
  });
});

describe("sharing", () => {
  test("watches that look the same way are handed the same object", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"));
    const one = await new Watcher(bench.discovery, { targets: [target("x")] }).synced();
    const two = await new Watcher(bench.discovery, { targets: [target("x")] }).synced();
    await bench.put(anInstance("x", "a"));
    expect(await one.next()).toBe(await two.next());
    await bench.put(anInstance("x", "b"));
    await bench.put(anInstance("x", "c"));
    expect(await one.next()).toBe(await two.next());
    expect(bench.discovery.sources().views()).toBe(1);
  });

  test("watches that look differently are told differently", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"));
    const near = { ...ANYBODY, locality: { region: "eu", zone: "", subZone: "" } };
    const one = await new Watcher(bench.discovery, { targets: [target("x")], viewer: near }).synced();
    const two = await new Watcher(bench.discovery, { targets: [target("x")] }).synced();
    await bench.put(anInstance("x", "a", { locality: { region: "us", zone: "", subZone: "" } }));
    expect((await one.next()).updates[0]?.put[0]?.priority).toBe(1);
    expect((await two.next()).updates[0]?.put[0]?.priority).toBe(0);
  });
});
