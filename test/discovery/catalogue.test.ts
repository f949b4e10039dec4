import { describe, expect, test } from "vitest";
import { anInstance, aService, keyOfInstance } from "../support/entities.js";
import { ANYBODY, openBench, target } from "./bench.js";

describe("the catalogue", () => {
  test("shows a write as soon as it is answered", async () => {
    await using bench = await openBench();
    const revision = await bench.put(aService("x"), anInstance("x", "a"));
    expect(bench.discovery.revision).toBe(revision);
    expect(bench.discovery.getInstance({ namespace: "default", service: "x", id: "a" })?.modRevision).toBe(revision);
  });

  test("counts services, instances and those that serve", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"), anInstance("x", "a"), anInstance("x", "b", { health: "draining" }));
    expect(bench.discovery.counts()).toMatchObject({ services: 1, instances: 2 });
    expect(bench.discovery.getService({ namespace: "default", name: "x" })).toMatchObject({
      instanceCount: 2,
      servingCount: 1,
    });
    await bench.put(anInstance("x", "b"));
    expect(bench.discovery.getService({ namespace: "default", name: "x" })?.servingCount).toBe(2);
    await bench.remove(keyOfInstance("x", "a"));
    expect(bench.discovery.getService({ namespace: "default", name: "x" })).toMatchObject({
      instanceCount: 1,
      servingCount: 1,
    });
  });

  test("lists in a stable order, by namespace, service and id", async () => {
    await using bench = await openBench();
    await bench.put(aService("y"), aService("x"), aService("x", { namespace: "a" }));
    await bench.put(
      anInstance("y", "1"),
      anInstance("x", "2"),
      anInstance("x", "1"),
      anInstance("x", "1", { namespace: "a" }),
    );
    const list = (namespace: string, service: string) =>
      bench.discovery.listInstances(namespace, service).map((i) => `${i.namespace}/${i.service}/${i.id}`);
    expect(list("*", "")).toEqual(["a/x/1", "default/x/1", "default/x/2", "default/y/1"]);
    expect(list("default", "x")).toEqual(["default/x/1", "default/x/2"]);
    expect(bench.discovery.listServices("default").map(({ service }) => service.name)).toEqual(["x", "y"]);
  });

  test("tells an unknown service from an empty one", async () => {
    await using bench = await openBench();
    await bench.put(aService("empty"));
    expect(bench.discovery.resolve(target("empty"), ANYBODY)).toMatchObject({ exists: true, instances: [] });
    expect(bench.discovery.resolve(target("unknown"), ANYBODY)).toMatchObject({ exists: false, instances: [] });
  });

  test("resolves anew after each change", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"), anInstance("x", "a"));
    const ids = () => bench.discovery.resolve(target("x"), ANYBODY).instances.map(({ instance }) => instance.id);
    expect(ids()).toEqual(["a"]);
    await bench.put(anInstance("x", "b"));
    expect(ids()).toEqual(["a", "b"]);
  });

  test("is the same after a restart", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"), anInstance("x", "a"), anInstance("x", "b"));
    await using restarted = await openBench({ store: bench.store, clock: bench.clock });
    expect(restarted.discovery.revision).toBe(bench.discovery.revision);
    expect(restarted.discovery.listInstances("*", "")).toEqual(bench.discovery.listInstances("*", ""));
  });
});

describe("waiting for a revision", () => {
  test("ends when the revision is reached", async () => {
    await using bench = await openBench();
    const reached = bench.discovery.reached(1n, new AbortController().signal);
    await bench.put(aService("x"));
    await expect(reached).resolves.toBeUndefined();
  });

  test("fails with the revision that was reached when time is up", async () => {
    await using bench = await openBench();
    await bench.put(aService("x"));
    const abort = new AbortController();
    const reached = bench.discovery.reached(9n, abort.signal);
    abort.abort();
    await expect(reached).rejects.toMatchObject({ fault: { reason: "REVISION_NOT_REACHED", wanted: 9n, current: 1n } });
  });
});
