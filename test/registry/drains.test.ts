import { expect, test } from "vitest";
import { alice, aSpec, leased, refTo, startRegistry } from "./support/start.js";

test("a drained instance is seen draining, then leaves", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 0)], alice);
  await plane.registry.deregister(refTo("a"), 10_000, alice);
  expect(plane.instance("a")).toMatchObject({ health: "draining", reportedHealth: "serving", drainMs: 10_000 });
  expect(plane.instance("a")?.healthReason).toBe("drains for 10 s, then leaves");
  expect(plane.feed.at(-1)).toMatchObject({ cause: "drain", actor: "alice" });
  await plane.pass(9_999);
  expect(plane.ids()).toEqual(["a"]);
  await plane.pass(1_001);
  expect(plane.ids()).toEqual([]);
  expect(plane.feed.at(-1)).toMatchObject({ cause: "drained", actor: "system:drain" });
});

test("an instance that reports worse than draining is seen as it reports", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 0, { reportedHealth: "not-serving" })], alice);
  await plane.registry.deregister(refTo("a"), 10_000, alice);
  expect(plane.instance("a")).toMatchObject({ health: "not-serving", healthReason: "", drainMs: 10_000 });
});

test("registering again calls a drain off, also with the same spec", async () => {
  await using plane = startRegistry();
  const first = (await plane.registry.register([leased("a", 0)], alice)).value[0];
  await plane.registry.deregister(refTo("a"), 10_000, alice);
  await plane.registry.register([leased("a", 0)], alice);
  expect(plane.instance("a")).toEqual({ ...first, modRevision: 3n });
  await plane.pass(60_000, 5_000);
  expect(plane.ids()).toEqual(["a"]);
});

test("an update during a drain leaves it running", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 0)], alice);
  await plane.registry.deregister(refTo("a"), 10_000, alice);
  await plane.pass(8_000);
  const { value } = await plane.registry.update(refTo("a"), { reportedHealth: "degraded" }, undefined, alice);
  expect(value).toMatchObject({ health: "draining", drainMs: 10_000 });
  await plane.pass(3_000);
  expect(plane.ids()).toEqual([]);
});

test("a drain longer than the lease does not prolong it", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 30_000)], alice);
  await plane.registry.deregister(refTo("a"), 60_000, alice);
  await plane.pass(31_000);
  expect(plane.ids()).toEqual([]);
  expect(plane.feed.at(-1)?.cause).toBe("lease-expired");
});

test("a drain shorter than the lease ends first", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 30_000)], alice);
  await plane.registry.deregister(refTo("a"), 5_000, alice);
  await plane.pass(6_000);
  expect(plane.feed.at(-1)?.cause).toBe("drained");
  await plane.pass(60_000, 5_000);
  expect(plane.feed).toHaveLength(3);
});

test("another drain takes the place of the first, in a commit", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 0)], alice);
  await plane.registry.deregister(refTo("a"), 60_000, alice);
  expect(await plane.registry.deregister(refTo("a"), 2_000, alice)).toBe(3n);
  await plane.pass(3_000);
  expect(plane.ids()).toEqual([]);
});

test("the same drain again leaves the first running and commits nothing", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 0)], alice);
  await plane.registry.deregister(refTo("a"), 10_000, alice);
  await plane.pass(8_000);
  expect(await plane.registry.deregister(refTo("a"), 10_000, alice)).toBe(2n);
  await plane.pass(3_000);
  expect(plane.ids()).toEqual([]);
});

test("deregistering without a drain cuts a drain short", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 0)], alice);
  await plane.registry.deregister(refTo("a"), 60_000, alice);
  await plane.registry.deregister(refTo("a"), 0, alice);
  expect(plane.ids()).toEqual([]);
});

test("after a restart a drain has its whole time again", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 0)], alice);
  await plane.registry.deregister(refTo("a"), 10_000, alice);
  await plane.pass(9_000);
  await plane.restart();
  await plane.pass(9_900);
  expect(plane.ids()).toEqual(["a"]);
  await plane.pass(1_100);
  expect(plane.ids()).toEqual([]);
});

test("a session is told that somebody else orders its instance to drain", async () => {
  await using plane = startRegistry();
  const { session, directives } = await plane.open();
  await session.register(aSpec("a"));
  await plane.registry.deregister(refTo("a"), 10_000, alice);
  expect(directives).toEqual([{ kind: "drain", instance: refTo("a") }]);
});

test("a session that drains its own instance is not told what it knows", async () => {
  await using plane = startRegistry();
  const { session, directives } = await plane.open();
  await session.register(aSpec("a"));
  await session.deregister(refTo("a"), 10_000);
  expect(directives).toEqual([]);
  await plane.pass(11_000);
  expect(plane.ids()).toEqual([]);
});

test("the end of a drain that the store cannot write is tried again", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 0)], alice);
  await plane.registry.deregister(refTo("a"), 10_000, alice);
  plane.shaky.fail();
  await plane.pass(15_000);
  expect(plane.ids()).toEqual(["a"]);
  plane.shaky.heal();
  await plane.pass(3_000);
  expect(plane.ids()).toEqual([]);
});
