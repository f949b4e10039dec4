import { expect, test } from "vitest";
import { effectiveWeight } from "../../../src/model/index.js";
import { alice, leased, refTo, type Started, startRegistry } from "../support/start.js";

const operator = { actor: "operator", address: "" };

async function startSlow(slowStartMs?: number): Promise<Started> {
  const plane = startRegistry();
  const plain = { namespace: "default", name: "checkout", description: "", owner: "", labels: {}, grpcServices: [] };
  await plane.registry.putService({ ...plain, ...(slowStartMs && { slowStartMs }) }, undefined, alice);
  return plane;
}

function weightOf(plane: Started, id: string): number | undefined {
  const instance = plane.instance(id);
  return instance && effectiveWeight(instance);
}

test("a new instance begins with a tenth of its weight, and has all of it when the window is over", async () => {
  await using plane = await startSlow(100_000);
  await plane.registry.register([leased("a", 0, { weight: 200 })], alice);
  expect(weightOf(plane, "a")).toBe(20);
  await plane.pass(50_500, 500);
  expect(weightOf(plane, "a")).toBe(120);
  await plane.pass(45_000, 500);
  expect(weightOf(plane, "a")).toBe(200);
  expect(plane.instance("a")?.slowStartPercent).toBeUndefined();
});

test("it grows in ten steps, each a commit of the plane's own", async () => {
  await using plane = await startSlow(10_000);
  await plane.registry.register([leased("a", 0)], alice);
  const before = plane.feed.length;
  await plane.pass(60_000, 500);
  expect(plane.feed.length - before).toBe(9);
  expect(plane.feed.at(-1)).toMatchObject({ cause: "health", actor: "system:health" });
});

test("one that comes back begins anew; one that serves all the time is left alone", async () => {
  await using plane = await startSlow(10_000);
  await plane.registry.register([leased("a", 0), leased("b", 0)], alice);
  await plane.pass(20_000, 500);
  await plane.registry.orderHealth(refTo("a"), { health: "not-serving", reason: "x" }, undefined, operator);
  expect(plane.instance("a")?.slowStartPercent).toBeUndefined();
  await plane.registry.clearOrder(refTo("a"), operator);
  await plane.registry.update(refTo("b"), { version: "2" }, undefined, alice);
  expect(weightOf(plane, "a")).toBe(10);
  expect(weightOf(plane, "b")).toBe(100);
});

test("an update on the way changes nothing of it", async () => {
  await using plane = await startSlow(10_000);
  await plane.registry.register([leased("a", 0)], alice);
  await plane.pass(5_500, 500);
  const { slowStartPercent } = plane.instance("a") ?? {};
  await plane.registry.update(refTo("a"), { version: "2" }, undefined, alice);
  expect(plane.instance("a")?.slowStartPercent).toBe(slowStartPercent);
  await plane.pass(10_000, 500);
  expect(weightOf(plane, "a")).toBe(100);
});

test("a restart goes on where it was", async () => {
  await using plane = await startSlow(10_000);
  await plane.registry.register([leased("a", 0)], alice);
  await plane.pass(5_500, 500);
  const share = plane.instance("a")?.slowStartPercent ?? 0;
  await plane.restart();
  expect(plane.instance("a")?.slowStartPercent).toBe(share);
  await plane.pass(10_000, 500);
  expect(weightOf(plane, "a")).toBe(100);
});

test("without a window a new instance has its whole weight at once", async () => {
  await using plane = await startSlow();
  await plane.registry.register([leased("a", 0)], alice);
  expect(weightOf(plane, "a")).toBe(100);
  expect(plane.instance("a")?.slowStartPercent).toBeUndefined();
});

test("turning the window off gives everybody his whole weight at the next step", async () => {
  await using plane = await startSlow(10_000);
  await plane.registry.register([leased("a", 0)], alice);
  const plain = { namespace: "default", name: "checkout", description: "", owner: "", labels: {}, grpcServices: [] };
  await plane.registry.putService(plain, undefined, alice);
  await plane.pass(2_000, 500);
  expect(weightOf(plane, "a")).toBe(100);
});
