import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import type { HealthCheck } from "../../src/model/index.js";
import { alice, aSpec, faultOf, leased, reasonOf, refTo, startRegistry } from "./support/start.js";

test("a registered instance stands with its service, in one commit", async () => {
  await using plane = startRegistry();
  const { value, revision } = await plane.registry.register([leased("a")], alice);
  expect(revision).toBe(1n);
  expect(value).toEqual([plane.instance("a")]);
  expect(plane.feed.map(({ actor, cause, changes }) => [actor, cause, changes.map(({ key }) => key)])).toEqual([
    ["alice", "register", ["service/default/checkout", "instance/default/checkout/a"]],
  ]);
});

test("an instance without a TTL is held by nothing", async () => {
  await using plane = startRegistry();
  const { value } = await plane.registry.register([leased("a", 0)], alice);
  expect(value[0]?.holder).toEqual({ kind: "none" });
  expect(plane.registry.leaseEndsAtMs(refTo("a"))).toBeUndefined();
});

test("a batch is registered in one commit and answered in its order", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("b")], alice);
  const { value, revision } = await plane.registry.register([leased("c"), leased("b"), leased("a")], alice);
  expect(value.map(({ id, modRevision }) => [id, modRevision])).toEqual([
    ["c", 2n],
    ["b", 1n],
    ["a", 2n],
  ]);
  expect(revision).toBe(2n);
});

test("services that a batch brings along appear once each", async () => {
  await using plane = startRegistry();
  const cart = { spec: { ...aSpec("x"), service: "cart" }, ttlMs: 0 };
  await plane.registry.register([leased("a"), cart, leased("b")], alice);
  expect(plane.feed[0]?.changes.map(({ key }) => key)).toEqual([
    "service/default/checkout",
    "service/default/cart",
    "instance/default/checkout/a",
    "instance/default/cart/x",
    "instance/default/checkout/b",
  ]);
});

test("a batch in which one revision is not as expected registers nothing", async () => {
  await using plane = startRegistry();
  const call = plane.registry.register([leased("a"), { ...leased("b"), expectedRevision: 7n }], alice);
  expect(await faultOf(call)).toEqual({
    reason: "REVISION_CONFLICT",
    name: "default/checkout/b",
    expected: 7n,
    actual: 0n,
  });
  expect(plane.ids()).toEqual([]);
});

test("expecting revision 0 registers what is absent and refuses what stands", async () => {
  await using plane = startRegistry();
  const wanted = { ...leased("a"), expectedRevision: 0n };
  await plane.registry.register([wanted], alice);
  expect(await faultOf(plane.registry.register([wanted], alice))).toMatchObject({ expected: 0n, actual: 1n });
});

test("the expected revision goes to the store too, so that another writer's change is noticed", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a")], alice);
  const stolen = plane.store.peek.bind(plane.store);
  const before = stolen("instance/default/checkout/a");
  await plane.registry.update(refTo("a"), { version: "2" }, 1n, alice);
  plane.store.peek = (key) => (key === "instance/default/checkout/a" ? before : stolen(key));
  const call = plane.registry.update(refTo("a"), { version: "3" }, 1n, alice);
  expect(await faultOf(call)).toMatchObject({ reason: "REVISION_CONFLICT", expected: 1n, actual: 2n });
});

test("registering the same again commits nothing and answers the store's revision", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a")], alice);
  await plane.registry.register([leased("b")], alice);
  const { value, revision } = await plane.registry.register([leased("a")], alice);
  expect(revision).toBe(2n);
  expect(value[0]?.modRevision).toBe(1n);
  expect(plane.feed).toHaveLength(2);
});

test("registering the same again answers a revision at which it stands, whatever is written right after it", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a")], alice);
  const other = plane.registry.register([leased("b")], alice);
  const again = plane.registry.register([leased("a")], alice);
  const removed = plane.registry.deregister(refTo("a"), 0, alice);
  expect([(await other).revision, (await again).revision, await removed]).toEqual([2n, 2n, 3n]);
});

test("registering the same again is answered only when what stands is durable", async () => {
  await using plane = startRegistry();
  plane.shaky.hold();
  const order: string[] = [];
  const first = plane.registry.register([leased("a")], alice).then(() => order.push("first"));
  const again = plane.registry.register([leased("a")], alice).then(() => order.push("again"));
  plane.shaky.release();
  await Promise.all([first, again]);
  expect(order).toEqual(["first", "again"]);
  expect(plane.feed).toHaveLength(1);
});

test("registering again what fails to become durable fails too", async () => {
  await using plane = startRegistry();
  plane.shaky.fail();
  const first = plane.registry.register([leased("a")], alice);
  const again = plane.registry.register([leased("a")], alice);
  expect(await Promise.all([reasonOf(first), reasonOf(again)])).toEqual(["STORE_UNAVAILABLE", "STORE_UNAVAILABLE"]);
  expect(plane.store.peek("instance/default/checkout/a")).toBeUndefined();
});

test("another lease length is a change", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 30_000)], alice);
  const { value, revision } = await plane.registry.register([leased("a", 60_000)], alice);
  expect(revision).toBe(2n);
  expect(value[0]?.holder).toEqual({ kind: "lease", ttlMs: 60_000 });
});

test("replacing an instance keeps when it registered; registering after it left does not", async () => {
  await using plane = startRegistry();
  const first = (await plane.registry.register([leased("a")], alice)).value[0];
  plane.clock.advance(5_000);
  const replaced = (await plane.registry.register([leased("a", 60_000, { version: "2" })], alice)).value[0];
  expect(replaced?.registeredAtMs).toBe(first?.registeredAtMs);
  await plane.registry.deregister(refTo("a"), 0, alice);
  const later = (await plane.registry.register([leased("a")], alice)).value[0];
  expect(later?.registeredAtMs).toBe((first?.registeredAtMs ?? 0) + 5_000);
});

test("an instance that another holder takes is registered anew", async () => {
  await using plane = startRegistry();
  const first = (await plane.registry.register([leased("a")], alice)).value[0];
  plane.clock.advance(5_000);
  const { session } = await plane.open();
  await session.register(aSpec("a"));
  expect(plane.instance("a")?.registeredAtMs).toBe((first?.registeredAtMs ?? 0) + 5_000);
});

test("an update changes the chosen fields and leaves the others", async () => {
  await using plane = startRegistry();
  const locality = { region: "eu", zone: "eu-1", subZone: "" };
  await plane.registry.register([leased("a", 30_000, { labels: { tier: "gold" }, weight: 5, locality })], alice);
  const { value } = await plane.registry.update(
    refTo("a"),
    { weight: 7, reportedHealth: "degraded" },
    undefined,
    alice,
  );
  expect(value).toMatchObject({ weight: 7, labels: { tier: "gold" }, reportedHealth: "degraded", health: "degraded" });
  expect(value.locality).toEqual(locality);
  expect(plane.feed.at(-1)).toMatchObject({ cause: "update", actor: "alice" });
});

test("an update clears what may be unset", async () => {
  await using plane = startRegistry();
  const locality = { region: "eu", zone: "", subZone: "" };
  await plane.registry.register([leased("a", 30_000, { weight: 5, locality })], alice);
  const { value } = await plane.registry.update(refTo("a"), { weight: null, locality: null }, undefined, alice);
  expect("weight" in value).toBe(false);
  expect("locality" in value).toBe(false);
});

test("an update that changes nothing commits nothing", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a")], alice);
  const { revision } = await plane.registry.update(refTo("a"), { version: "1" }, undefined, alice);
  expect(revision).toBe(1n);
  expect(plane.feed).toHaveLength(1);
});

test("an update of what is not there, or is another revision, is refused", async () => {
  await using plane = startRegistry();
  expect(await faultOf(plane.registry.update(refTo("a"), { version: "2" }, undefined, alice))).toEqual({
    reason: "NOT_FOUND",
    type: "instance",
    name: "default/checkout/a",
  });
  await plane.registry.register([leased("a")], alice);
  expect(await reasonOf(plane.registry.update(refTo("a"), { version: "2" }, 9n, alice))).toBe("REVISION_CONFLICT");
});

test("a deregistered instance leaves and its service stays", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a")], alice);
  expect(await plane.registry.deregister(refTo("a"), 0, alice)).toBe(2n);
  expect(plane.ids()).toEqual([]);
  expect(plane.store.peek("service/default/checkout")).toBeDefined();
});

test("deregistering what is not there answers 0 and commits nothing", async () => {
  await using plane = startRegistry();
  expect(await plane.registry.deregister(refTo("a"), 0, alice)).toBe(0n);
  expect(plane.store.status().revision).toBe(0n);
});

test.each([
  [
    { endpoints: [{ name: "http", host: "10.0.0.1", port: 80, protocol: "http" as const, tls: false }] },
    "instance.endpoints",
  ],
  [{ healthCheck: { ...probeOf("gone") } }, "instance.health_check.endpoint_name"],
])("an update that leaves the probe without its endpoint is refused: %o", async (patch, field) => {
  await using plane = startRegistry();
  const name = aSpec("a").endpoints[0]?.name ?? "";
  await plane.registry.register([leased("a", 30_000, { healthCheck: probeOf(name) })], alice);
  const fault = await faultOf(plane.registry.update(refTo("a"), patch, undefined, alice));
  expect(fault).toMatchObject({ reason: "FIELDS_INVALID", violations: [{ field }] });
  expect(plane.feed).toHaveLength(1);
});

function probeOf(endpointName: string): HealthCheck {
  const probe = { kind: "tcp" as const };
  return { probe, endpointName, intervalMs: 10_000, timeoutMs: 1_000, unhealthyThreshold: 3, healthyThreshold: 2 };
}

test("a revision conflict is told only when what it names is durable", async () => {
  await using plane = startRegistry();
  plane.shaky.hold();
  const first = plane.registry.register([leased("a")], alice);
  const seen = faultOf(plane.registry.register([{ ...leased("a"), expectedRevision: 0n }], alice)).then((fault) => ({
    reason: fault?.reason,
    durable: plane.instance("a")?.modRevision,
  }));
  await setImmediate();
  plane.shaky.release();
  await first;
  expect(await seen).toEqual({ reason: "REVISION_CONFLICT", durable: 1n });
});

test("what fails to become durable refuses nobody", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a")], alice);
  plane.shaky.fail();
  const removed = plane.registry.deregister(refTo("a"), 0, alice);
  const update = plane.registry.update(refTo("a"), { version: "2" }, undefined, alice);
  expect(await Promise.all([reasonOf(removed), reasonOf(update)])).toEqual(["STORE_UNAVAILABLE", "STORE_UNAVAILABLE"]);
  expect(plane.ids()).toEqual(["a"]);
});
