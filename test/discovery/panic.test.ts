import { describe, expect, test } from "vitest";
import type { Discovered } from "../../src/discovery/index.js";
import { anInstance, aService, keyOfInstance } from "../support/entities.js";
import { type Bench, openBench, target, Watcher } from "./bench.js";

const probed = { health: "not-serving", reason: "probe failed" } as const;
const condemned = { health: "not-serving", voices: { probed } } as const;
const viewer = { consumer: "", includeUnhealthy: false };

const idsOf = (all: readonly Discovered[]) => all.map(({ instance }) => instance.id).sort();

function resolve(bench: Bench, name = "x") {
  const { instances, panic } = bench.discovery.resolve(target(name), viewer);
  return { ids: idsOf(instances), panic };
}

/** A service of which `serving` instances serve and `bad` are condemned. */
async function bench(serving: number, bad: number, threshold?: number): Promise<Bench> {
  const opened = await openBench();
  await opened.put(
    aService("x", threshold === undefined ? {} : { panicThresholdPercent: threshold }),
    ...Array.from({ length: serving }, (_, n) => anInstance("x", `s${n}`)),
    ...Array.from({ length: bad }, (_, n) => anInstance("x", `c${n}`, condemned)),
  );
  return opened;
}

describe("panic", () => {
  test.each([
    [3, 7, undefined, false],
    [2, 8, undefined, true],
    [0, 1, undefined, true],
    [1, 0, undefined, false],
    [0, 10, 0, false],
    [9, 1, 100, true],
    [10, 0, 100, false],
    [5, 5, 50, false],
    [4, 6, 50, true],
  ])("with %d serving, %d condemned and a threshold of %s: %s", async (serving, bad, threshold, panic) => {
    await using opened = await bench(serving, bad, threshold);
    const resolved = resolve(opened);
    expect(resolved.panic).toBe(panic);
    expect(resolved.ids).toHaveLength(panic ? serving + bad : serving);
  });

  test("never brings back who says so itself, drains, starts or was ordered out; they count on neither side", async () => {
    await using opened = await openBench();
    const ordered = { health: "not-serving", reason: "out", actor: "alice" } as const;
    await opened.put(
      aService("x"),
      anInstance("x", "says", { ...condemned, reportedHealth: "not-serving" }),
      anInstance("x", "starts", { ...condemned, reportedHealth: "starting" }),
      anInstance("x", "drains", { ...condemned, drainMs: 1_000 }),
      anInstance("x", "ordered", { health: "not-serving", voices: { probed, ordered } }),
      anInstance("x", "serves"),
    );
    expect(resolve(opened)).toEqual({ ids: ["serves"], panic: false });
    await opened.put(anInstance("x", "serves", condemned));
    expect(resolve(opened)).toEqual({ ids: ["serves"], panic: true });
  });

  test("of a service does not depend on what a target's filter leaves", async () => {
    await using opened = await bench(1, 9);
    const filter = { text: "c1", matches: ({ id }: { id: string }) => id === "c1" };
    const { instances, panic } = opened.discovery.resolve(target("x", { filter }), viewer);
    expect({ ids: idsOf(instances), panic }).toEqual({ ids: ["c1"], panic: true });
  });

  test("is listed with the service, and counted", async () => {
    await using opened = await bench(0, 1);
    expect(opened.discovery.getService({ namespace: "default", name: "x" })?.panic).toBe(true);
    expect(await opened.metrics.metrics()).toContain("portolan_discovery_services_in_panic 1");
  });
});

describe("a watch", () => {
  test("is told of those that come back with panic in the response of the change that brought it, and when they go", async () => {
    await using opened = await bench(2, 4);
    const watcher = await new Watcher(opened.discovery, { targets: [target("x")] }).synced();
    expect(watcher.reader.ids("x")).toEqual(["s0", "s1"]);
    const brought = await opened.put(anInstance("x", "s1", condemned));
    const batch = await watcher.next();
    expect(batch).toMatchObject({ revision: brought });
    expect(batch.updates[0]).toMatchObject({ panic: true, removed: [] });
    expect(idsOf(batch.updates[0]?.put ?? [])).toEqual(["c0", "c1", "c2", "c3", "s1"]);
    await opened.put(anInstance("x", "s1"));
    const after = await watcher.next();
    expect(after.updates[0]).toMatchObject({ panic: false, removed: ["c0", "c1", "c2", "c3"] });
    expect(watcher.reader.ids("x")).toEqual(["s0", "s1"]);
  });

  test("is told that panic began although its filter shows nobody", async () => {
    await using opened = await bench(2, 4);
    const filter = { text: "none", matches: () => false };
    const watcher = await new Watcher(opened.discovery, { targets: [target("x", { filter })] }).synced();
    await opened.remove(keyOfInstance("x", "s1"));
    expect((await watcher.next()).updates).toMatchObject([{ panic: true, put: [], removed: [] }]);
  });

  test("is told when another threshold begins or ends it", async () => {
    await using opened = await bench(2, 4, 10);
    const watcher = await new Watcher(opened.discovery, { targets: [target("x")] }).synced();
    await opened.put(aService("x", { panicThresholdPercent: 90 }));
    expect((await watcher.next()).updates).toMatchObject([{ panic: true, removed: [] }]);
    await opened.put(aService("x", { panicThresholdPercent: 0 }));
    expect((await watcher.next()).updates).toMatchObject([{ panic: false, removed: ["c0", "c1", "c2", "c3"] }]);
  });

  test("that resumes is told the whole set where panic played a part, and nobody is told of what he never saw", async () => {
    await using opened = await bench(2, 4);
    const earlier = await new Watcher(opened.discovery, { targets: [target("x")] }).synced();
    const { revision } = earlier.reader;
    earlier.stop();
    await opened.put(anInstance("x", "s1", condemned));
    const watcher = new Watcher(opened.discovery, { targets: [target("x")], afterRevision: revision }, earlier.reader);
    const batch = await watcher.next();
    expect(batch).toMatchObject({ reset: false, synced: true });
    expect(batch.updates).toMatchObject([{ panic: true, reset: true }]);
    expect(watcher.reader.ids("x")).toHaveLength(6);
  });
});
