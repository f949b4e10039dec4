import { expect, test } from "vitest";
import { anInstance, aService, keyOfInstance } from "../support/entities.js";
import { ANYBODY, openBench, target } from "./bench.js";

test("who asks to be told of changes hears which services a commit changed, once reads show it", async () => {
  await using bench = await openBench();
  const heard: unknown[] = [];
  const stop = bench.discovery.onChange((services, committedAtMs) => {
    const there = bench.discovery.select(target("pay"), ANYBODY).instances.map(({ instance }) => instance.id);
    heard.push([services.map(({ name }) => name), there, committedAtMs === bench.clock.wallMs()]);
  });
  await bench.put(aService("pay"), aService("cart"), anInstance("pay", "a"));
  await bench.remove(keyOfInstance("pay", "a"));
  stop();
  await bench.put(anInstance("pay", "b"));
  expect(heard).toEqual([
    [["pay", "cart"], ["a"], true],
    [["pay"], [], true],
  ]);
});

test("what is selected for others is not counted as somebody's question", async () => {
  await using bench = await openBench();
  await bench.put(aService("pay"));
  bench.discovery.select(target("pay"), ANYBODY);
  bench.discovery.resolve(target("pay"), ANYBODY);
  const counted = await bench.metrics.getSingleMetric("portolan_discovery_resolves_total")?.get();
  expect(counted?.values[0]?.value).toBe(1);
});
