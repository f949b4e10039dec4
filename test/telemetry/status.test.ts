import { expect, test } from "vitest";
import { DomainError } from "../../src/model/index.js";
import type { ServiceStatus, Telemetry } from "../../src/telemetry/index.js";
import { calls, deleteService, NOW_MS, putService, register, remove, start, take } from "./support/start.js";

const CHECKOUT = { namespace: "default", name: "checkout" };

const report = (telemetry: Telemetry, count: number, fields: Parameters<typeof calls>[0] = {}) =>
  telemetry.reportCalls({
    startMs: NOW_MS - 5_000,
    endMs: NOW_MS,
    stats: [calls({ callsByCode: new Map([[0, count]]), ...fields })],
  });

test("a status counts instances by health and calls in the window", async () => {
  await using plane = await start();
  await register(plane.store, "a1");
  await register(plane.store, "a2");
  await register(plane.store, "a3", { health: "draining" });
  report(plane.telemetry, 120);
  const status = await plane.telemetry.status({ service: CHECKOUT, windowMs: 60_000 });
  expect(status).toMatchObject({ namespace: "default", service: "checkout", available: true, revision: 4n });
  expect(status.instancesByHealth).toEqual(
    new Map([
      ["serving", 2],
      ["draining", 1],
    ]),
  );
  expect(status.calls).toMatchObject({ startMs: NOW_MS - 60_000, calls: 120, callsPerSecond: 2 });
});

test("a status counts instances from best health to worst, whatever came first", async () => {
  await using plane = await start();
  for (const health of ["not-serving", "draining", "serving", "starting", "degraded"] as const) {
    await register(plane.store, health, { health });
  }
  const status = await plane.telemetry.status({ service: CHECKOUT, windowMs: 60_000 });
  expect([...status.instancesByHealth.keys()]).toEqual(["serving", "degraded", "starting", "draining", "not-serving"]);
});

test("calls before the window do not count", async () => {
  await using plane = await start();
  report(plane.telemetry, 5);
  plane.clock.advance(120_000);
  const status = await plane.telemetry.status({ service: CHECKOUT, windowMs: 60_000 });
  expect(status.calls.calls).toBe(0);
});

test("a service is available while an instance takes calls, and not when none does", async () => {
  await using plane = await start();
  const available = async () => (await plane.telemetry.status({ service: CHECKOUT, windowMs: 60_000 })).available;
  expect(await available()).toBe(false);
  await register(plane.store, "a1", { health: "not-serving" });
  expect(await available()).toBe(false);
  await register(plane.store, "a1", { health: "degraded" });
  expect(await available()).toBe(true);
});

test("the status of an unknown service is NOT_FOUND, also to watch", async () => {
  await using plane = await start();
  const service = { namespace: "default", name: "nobody" };
  await expect(plane.telemetry.status({ service, windowMs: 60_000 })).rejects.toThrow("NOT_FOUND");
  const { signal } = new AbortController();
  expect(() => plane.telemetry.watchStatus({ service, windowMs: 60_000, signal })).toThrow(DomainError);
});

test("statuses know what was in the store before telemetry opened", async () => {
  await using first = await start();
  await register(first.store, "a1");
  await using second = await start({ store: first.store });
  expect((await second.telemetry.status({ service: CHECKOUT, windowMs: 60_000 })).available).toBe(true);
});

const names = (batches: readonly (readonly ServiceStatus[])[]) => batches.flat().map(({ service }) => service);

test("a watch of every service tells all of them, then each that changes, of its namespace alone", async () => {
  await using plane = await start();
  await putService(plane.store, "cart");
  await putService(plane.store, "cart", "prod");
  const stop = new AbortController();
  const service = { namespace: "default", name: "*" };
  const watch = plane.telemetry.watchStatus({ service, windowMs: 60_000, signal: stop.signal })[Symbol.asyncIterator]();
  expect(names(await take(watch, (taken) => taken.length === 1))).toEqual(["cart", "checkout"]);
  await register(plane.store, "b1", { namespace: "prod" }, "cart");
  await register(plane.store, "a1");
  const [changed] = await take(watch, (taken) => taken.length === 1);
  expect(changed).toMatchObject([{ service: "checkout", available: true }]);
  stop.abort();
});

test("an empty namespace still gets a first response", async () => {
  await using plane = await start();
  const stop = new AbortController();
  const service = { namespace: "empty", name: "*" };
  const watch = plane.telemetry.watchStatus({ service, windowMs: 60_000, signal: stop.signal })[Symbol.asyncIterator]();
  expect(await take(watch, (taken) => taken.length === 1)).toEqual([[]]);
  stop.abort();
});

test("what a slow watch has not read merges by service into the newest status", async () => {
  await using plane = await start();
  const stop = new AbortController();
  const options = { service: CHECKOUT, windowMs: 60_000, signal: stop.signal };
  const watch = plane.telemetry.watchStatus(options)[Symbol.asyncIterator]();
  await take(watch, (taken) => taken.length === 1);
  for (let n = 0; n < 20; n++) await register(plane.store, `a${n}`);
  const [batch] = await take(watch, (taken) => taken.length === 1);
  expect(batch).toHaveLength(1);
  expect(batch?.[0]?.instancesByHealth.get("serving")).toBe(20);
  await remove(plane.store, ["a0"]);
  const [next] = await take(watch, (taken) => taken.length === 1);
  expect(next?.[0]?.instancesByHealth.get("serving")).toBe(19);
  stop.abort();
});

test("a service that is deleted is told once more, without instances", async () => {
  await using plane = await start();
  const stop = new AbortController();
  const options = { service: CHECKOUT, windowMs: 60_000, signal: stop.signal };
  const watch = plane.telemetry.watchStatus(options)[Symbol.asyncIterator]();
  await take(watch, (taken) => taken.length === 1);
  await deleteService(plane.store, "checkout");
  const [batch] = await take(watch, (taken) => taken.length === 1);
  expect(batch).toMatchObject([{ service: "checkout", available: false, instancesByHealth: new Map() }]);
  stop.abort();
});

test("a watch hears of changed call figures from time to time, and of nothing when none changed", async () => {
  await using plane = await start({ limits: { statusRefreshMs: 3_000 } });
  await putService(plane.store, "cart");
  const stop = new AbortController();
  const options = { service: { namespace: "default", name: "*" }, windowMs: 60_000, signal: stop.signal };
  const watch = plane.telemetry.watchStatus(options)[Symbol.asyncIterator]();
  await take(watch, (taken) => taken.length === 1);
  report(plane.telemetry, 7);
  const next = watch.next();
  plane.clock.advance(3_000);
  expect((await next).value).toMatchObject([{ service: "checkout", calls: { calls: 7 } }]);
  stop.abort();
});

test("no timer is left when the last watch ends", async () => {
  await using plane = await start();
  await plane.telemetry.status({ service: CHECKOUT, windowMs: 60_000 });
  const before = plane.clock.pending;
  const stop = new AbortController();
  const options = { service: CHECKOUT, windowMs: 60_000, signal: stop.signal };
  const watch = plane.telemetry.watchStatus(options)[Symbol.asyncIterator]();
  await take(watch, (taken) => taken.length === 1);
  expect(plane.clock.pending).toBe(before + 1);
  const end = watch.next();
  stop.abort();
  await end;
  expect(plane.clock.pending).toBe(before);
});

test("the topology has every service as a node and every pair seen calling as an edge", async () => {
  await using plane = await start();
  await putService(plane.store, "cart");
  report(plane.telemetry, 3);
  report(plane.telemetry, 2, { instanceId: "a2" });
  report(plane.telemetry, 9, { consumerNamespace: "", consumer: "" });
  const topology = await plane.telemetry.topology({ namespace: "default", windowMs: 300_000 });
  expect(topology.nodes.map(({ service }) => service.name)).toEqual(["cart", "checkout"]);
  expect(topology.edges).toEqual([
    expect.objectContaining({
      consumerNamespace: "default",
      consumer: "cart",
      namespace: "default",
      service: "checkout",
      declared: false,
      observed: true,
      calls: expect.objectContaining({ calls: 5 }),
    }),
  ]);
  expect(topology.revision).toBe(2n);
});

test("the topology of one namespace shows its services and the edges that touch it", async () => {
  await using plane = await start();
  await putService(plane.store, "search", "prod");
  report(plane.telemetry, 1);
  report(plane.telemetry, 1, { namespace: "prod", service: "search" });
  const prod = await plane.telemetry.topology({ namespace: "prod", windowMs: 300_000 });
  expect(prod.nodes.map(({ service }) => service.name)).toEqual(["search"]);
  expect(prod.edges.map(({ service }) => service)).toEqual(["search"]);
  const all = await plane.telemetry.topology({ namespace: "*", windowMs: 300_000 });
  expect(all.nodes).toHaveLength(2);
  expect(all.edges).toHaveLength(2);
});

test("the topology is in the order of names, whatever came first", async () => {
  await using plane = await start();
  await putService(plane.store, "a", "a-b");
  await putService(plane.store, "b", "a");
  await putService(plane.store, "a", "a");
  report(plane.telemetry, 1, { consumer: "web" });
  report(plane.telemetry, 1, { consumer: "cart" });
  report(plane.telemetry, 1, { consumer: "cart", namespace: "a", service: "b" });
  report(plane.telemetry, 1, { consumer: "web", consumerNamespace: "a" });
  const { nodes, edges } = await plane.telemetry.topology({ namespace: "*", windowMs: 300_000 });
  expect(nodes.map(({ service }) => `${service.namespace}/${service.name}`)).toEqual([
    "a/a",
    "a/b",
    "a-b/a",
    "default/checkout",
  ]);
  expect(edges.map((edge) => `${edge.consumerNamespace}/${edge.consumer} ${edge.namespace}/${edge.service}`)).toEqual([
    "a/web default/checkout",
    "default/cart a/b",
    "default/cart default/checkout",
    "default/web default/checkout",
  ]);
});
