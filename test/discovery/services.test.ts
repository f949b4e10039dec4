import { describe, expect, test } from "vitest";
import type { Service } from "../../src/model/index.js";
import { anInstance, aService, keyOfInstance, keyOfService } from "../support/entities.js";
import { type Bench, openBench } from "./bench.js";

function watch(
  bench: Bench,
  options: { namespace?: string; afterRevision?: bigint; matches?: (service: Service) => boolean } = {},
) {
  const { namespace = "default", afterRevision = 0n, matches } = options;
  const filter = matches && { text: "test", matches };
  const stream = bench.discovery.watchServices({
    namespace,
    afterRevision,
    bookmarkIntervalMs: 1_000,
    signal: new AbortController().signal,
    ...(filter && { filter }),
  });
  const batches = stream[Symbol.asyncIterator]();
  return async () => {
    const { value, done } = await batches.next();
    if (done) throw new Error("the watch ended");
    return value;
  };
}

const names = (services: readonly { service: Service }[]) => services.map(({ service }) => service.name).sort();

describe("a watch of services", () => {
  test("tells the list, then what changes in it", async () => {
    await using bench = await openBench();
    const revision = await bench.put(aService("x"), aService("y"), anInstance("x", "a"));
    const next = watch(bench);
    const first = await next();
    expect(first).toMatchObject({ revision, reset: true, synced: true });
    expect(names(first.put)).toEqual(["x", "y"]);
    expect(first.put.find(({ service }) => service.name === "x")).toMatchObject({ instanceCount: 1, servingCount: 1 });
    await bench.put(aService("x", { owner: "team" }));
    expect((await next()).put).toMatchObject([{ service: { name: "x", owner: "team" } }]);
    await bench.remove(keyOfService("y"));
    expect((await next()).removed).toEqual([{ namespace: "default", name: "y" }]);
  });

  test("is not woken by instances", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"));
    const next = watch(bench);
    await next();
    const waiting = next();
    await bench.put(anInstance("x", "a"));
    const later = await bench.put(aService("z"));
    expect((await waiting).revision).toBe(later);
  });

  test('sees one namespace, or all with "*"', async () => {
    await using bench = await openBench();
    await bench.put(aService("x"), aService("y", { namespace: "other" }));
    expect(names((await watch(bench)()).put)).toEqual(["x"]);
    expect(names((await watch(bench, { namespace: "*" })()).put)).toEqual(["x", "y"]);
  });

  test("removes a service that matches its filter no longer", async () => {
    await using bench = await openBench();
    await bench.put(aService("x", { owner: "us" }));
    const next = watch(bench, { matches: ({ owner }) => owner === "us" });
    expect(names((await next()).put)).toEqual(["x"]);
    await bench.put(aService("x", { owner: "them" }));
    expect(await next()).toMatchObject({ put: [], removed: [{ name: "x" }] });
  });

  test("merges what a slow reader did not ask for", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"));
    const next = watch(bench);
    await next();
    await bench.put(aService("brief"));
    await bench.remove(keyOfService("brief"));
    await bench.put(aService("x", { owner: "1" }));
    await bench.put(aService("x", { owner: "2" }));
    expect(await next()).toMatchObject({ put: [{ service: { owner: "2" } }], removed: [] });
  });

  test("never says a revision at which a service stood that it left out", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"));
    const next = watch(bench);
    await next();
    await bench.put(aService("brief"));
    await bench.put(aService("y"));
    const gone = await bench.remove(keyOfService("brief"));
    const batch = await next();
    expect(names(batch.put)).toEqual(["y"]);
    expect(batch.revision).toBe(gone);
  });

  test("resumes after a revision without a gap or a repeat", async () => {
    await using bench = await openBench();
    const seen = await bench.put(aService("x"), aService("y"));
    await bench.remove(keyOfService("x"));
    const last = await bench.put(aService("z"));
    const batch = await watch(bench, { afterRevision: seen })();
    expect(batch).toMatchObject({ revision: last, reset: false, synced: true, removed: [{ name: "x" }] });
    expect(names(batch.put)).toEqual(["z"]);
  });

  test("cuts a long list into pieces that clients can read", async () => {
    await using bench = await openBench();
    const labels = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`key-${i}`, "v".repeat(1_000)]));
    for (let i = 0; i < 80; i++) await bench.put(aService(`s-${i}`, { labels }));
    const next = watch(bench);
    const batches = [await next()];
    while (!batches.at(-1)?.synced) batches.push(await next());
    expect(batches.length).toBeGreaterThan(1);
    expect(batches.flatMap(({ put }) => names(put)).length).toBe(80);
    expect(batches.slice(0, -1).every(({ revision }) => revision === 0n)).toBe(true);
  });

  test("gets bookmarks while nothing concerns it", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"));
    const next = watch(bench);
    await next();
    const revision = await bench.put(anInstance("x", "a"));
    const waiting = next();
    bench.clock.advance(1_000);
    expect(await waiting).toMatchObject({ revision, put: [], removed: [] });
    await bench.remove(keyOfInstance("x", "a"));
  });
});
