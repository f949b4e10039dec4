import { expect, test } from "vitest";
import { alice, aSpec, leased, reasonOf, refTo, startRegistry } from "./support/start.js";

test("an instance stays for its TTL and is gone within a second after it", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 30_000)], alice);
  await plane.pass(29_999);
  expect(plane.ids()).toEqual(["a"]);
  await plane.pass(1_001);
  expect(plane.ids()).toEqual([]);
  expect(plane.feed.at(-1)).toMatchObject({ actor: "system:lease", cause: "lease-expired" });
});

test("leases of one moment expire in one commit", async () => {
  await using plane = startRegistry();
  await plane.registry.register(
    ["a", "b", "c"].map((id) => leased(id)),
    alice,
  );
  await plane.pass(31_000);
  expect(plane.feed).toHaveLength(2);
  expect(plane.feed[1]?.changes).toHaveLength(3);
});

test("more leases than a commit may change expire in a few commits", async () => {
  await using plane = startRegistry({ maxCommitChanges: 2 });
  await plane.registry.register(
    ["a", "b", "c", "d", "e"].map((id) => leased(id)),
    alice,
  );
  await plane.pass(31_000);
  expect(plane.feed.slice(1).map(({ changes }) => changes.length)).toEqual([2, 2, 1]);
});

test("a renewed lease has its whole time again, and nothing is committed for it", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 30_000)], alice);
  await plane.pass(20_000);
  expect(await plane.registry.renew([refTo("a")], alice)).toEqual([]);
  await plane.pass(29_000);
  expect(plane.ids()).toEqual(["a"]);
  expect(plane.feed).toHaveLength(1);
  await plane.pass(2_000);
  expect(plane.ids()).toEqual([]);
});

test("registering the same again renews", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 30_000)], alice);
  await plane.pass(20_000);
  await plane.registry.register([leased("a", 30_000)], alice);
  await plane.pass(29_000);
  expect(plane.ids()).toEqual(["a"]);
});

test("registering another spec renews", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 30_000)], alice);
  await plane.pass(20_000);
  await plane.registry.register([leased("a", 30_000, { version: "2" })], alice);
  await plane.pass(29_000);
  expect(plane.ids()).toEqual(["a"]);
});

test("an update does not renew", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 30_000)], alice);
  await plane.pass(20_000);
  await plane.registry.update(refTo("a"), { version: "2" }, undefined, alice);
  await plane.pass(11_000);
  expect(plane.ids()).toEqual([]);
});

test("Renew answers those that are gone, and not those that need no renewal", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("leased"), leased("forever", 0)], alice);
  const { session } = await plane.open();
  await session.register(aSpec("held"));
  const refs = ["leased", "never", "forever", "held"].map((id) => refTo(id));
  expect(await plane.registry.renew(refs, alice)).toEqual([refTo("never")]);
  await plane.pass(31_000);
  expect(await plane.registry.renew(refs, alice)).toEqual([refTo("leased"), refTo("never")]);
});

test("Renew answers only what is durable: not that an instance is there whose registration is lost", async () => {
  await using plane = startRegistry();
  plane.shaky.hold();
  const registered = plane.registry.register([leased("a")], alice);
  const renewed = plane.registry.renew([refTo("a")], alice);
  plane.shaky.fail();
  plane.shaky.release();
  expect(await Promise.all([reasonOf(registered), reasonOf(renewed)])).toEqual([
    "STORE_UNAVAILABLE",
    "STORE_UNAVAILABLE",
  ]);
});

test("a deregistered instance's lease is forgotten", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 30_000)], alice);
  await plane.registry.deregister(refTo("a"), 0, alice);
  expect(plane.registry.leaseEndsAtMs(refTo("a"))).toBeUndefined();
  await plane.pass(31_000);
  expect(plane.feed).toHaveLength(2);
});

test("an instance that becomes permanent, or a session's, has no lease any more", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a"), leased("b")], alice);
  await plane.registry.register([leased("a", 0)], alice);
  const { session } = await plane.open();
  await session.register(aSpec("b"));
  await plane.pass(31_000);
  expect(plane.ids()).toEqual(["a", "b"]);
});

test("the end of a lease is told in wall-clock time, also after the wall clock was stepped", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 30_000)], alice);
  await plane.pass(10_000);
  plane.clock.stepWall(3_600_000);
  const endsAtMs = plane.registry.leaseEndsAtMs(refTo("a")) ?? 0;
  expect(endsAtMs - plane.clock.wallMs()).toBeGreaterThanOrEqual(20_000);
  expect(endsAtMs - plane.clock.wallMs()).toBeLessThanOrEqual(20_250);
});

test("after a restart every lease has its whole time again", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 30_000)], alice);
  await plane.pass(29_000);
  await plane.restart();
  await plane.pass(29_900);
  expect(plane.ids()).toEqual(["a"]);
  await plane.pass(1_100);
  expect(plane.ids()).toEqual([]);
});

test("a lease that ends while a registration of it is being written lives on", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 30_000)], alice);
  await plane.pass(29_500);
  plane.shaky.hold();
  const again = plane.registry.register([leased("a", 30_000, { version: "2" })], alice);
  plane.clock.advance(5_000);
  plane.shaky.release();
  await again;
  await plane.pass(29_000);
  expect(plane.ids()).toEqual(["a"]);
});

test("a lease that ends while its deregistration is being written, and fails, ends all the same", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 30_000)], alice);
  await plane.pass(29_500);
  plane.shaky.fail();
  const left = plane.registry.deregister(refTo("a"), 0, alice).catch(() => undefined);
  plane.clock.advance(1_000);
  await left;
  expect(plane.ids()).toEqual(["a"]);
  plane.shaky.heal();
  await plane.pass(4_000);
  expect(plane.ids()).toEqual([]);
});

test("an instance registered anew while its expiry is being written stays", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 30_000)], alice);
  await plane.pass(29_500);
  plane.shaky.hold();
  plane.clock.advance(1_000);
  const again = plane.registry.register([leased("a", 30_000)], alice);
  const renewed = plane.registry.renew([refTo("a")], alice);
  plane.clock.advance(1_000);
  plane.shaky.release();
  expect(await renewed).toEqual([]);
  expect((await again).value[0]?.createRevision).toBe(3n);
  await plane.pass(29_000);
  expect(plane.ids()).toEqual(["a"]);
});

test("an expiry that the store cannot write is tried again until it holds", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 30_000), leased("b", 30_000)], alice);
  plane.shaky.fail();
  await plane.pass(60_000);
  expect(plane.ids()).toEqual(["a", "b"]);
  plane.shaky.heal();
  await plane.pass(3_000);
  expect(plane.ids()).toEqual([]);
  expect(plane.feed).toHaveLength(2);
});

test("a lease that was renewed while its expiry could not be written lives on", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 30_000), leased("b", 30_000)], alice);
  plane.shaky.fail();
  await plane.pass(60_000);
  expect(await plane.registry.renew([refTo("a")], alice)).toEqual([]);
  plane.shaky.heal();
  await plane.pass(10_000);
  expect(plane.ids()).toEqual(["a"]);
  await plane.pass(21_000);
  expect(plane.ids()).toEqual([]);
});
