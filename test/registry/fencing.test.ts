import { expect, test } from "vitest";
import { alice, aSpec, faultOf, leased, reasonOf, refTo, startRegistry } from "./support/start.js";

test("an instance that another session registers leaves the first, which is told once it is durable", async () => {
  await using plane = startRegistry();
  const [first, second] = [await plane.open(), await plane.open()];
  await first.session.register(aSpec("a"));
  plane.shaky.hold();
  const taking = second.session.register(aSpec("a"));
  expect(first.directives).toEqual([]);
  plane.shaky.release();
  await taking;
  expect(first.directives).toEqual([{ kind: "superseded", instance: refTo("a") }]);
  expect(second.directives).toEqual([]);
  expect(plane.instance("a")?.holder).toEqual({ kind: "session", sessionId: second.session.id });
});

test("the former holder's requests for it are refused, those for others are not", async () => {
  await using plane = startRegistry();
  const [first, second] = [await plane.open(), await plane.open()];
  await first.session.register(aSpec("a"));
  await second.session.register(aSpec("a"));
  const refusal = { reason: "SUPERSEDED", name: "default/checkout/a" };
  expect(await faultOf(first.session.register(aSpec("a")))).toEqual(refusal);
  expect(await faultOf(first.session.update(refTo("a"), { version: "2" }))).toEqual(refusal);
  expect(await faultOf(first.session.deregister(refTo("a"), 0))).toEqual(refusal);
  expect(await reasonOf(first.session.register(aSpec("b")))).toBeUndefined();
});

test("the refusal begins with the decision, before the taking is durable", async () => {
  await using plane = startRegistry();
  const [first, second] = [await plane.open(), await plane.open()];
  await first.session.register(aSpec("a"));
  plane.shaky.hold();
  const taking = second.session.register(aSpec("a"));
  const refused = reasonOf(first.session.register(aSpec("a", { version: "2" })));
  plane.shaky.release();
  await taking;
  expect(await refused).toBe("SUPERSEDED");
});

test("an instance taken before its registration is durable is refused to its former holder too", async () => {
  await using plane = startRegistry();
  const [first, second] = [await plane.open(), await plane.open()];
  plane.shaky.hold();
  const registered = first.session.register(aSpec("a"));
  const taking = second.session.register(aSpec("a"));
  const refused = reasonOf(first.session.register(aSpec("a")));
  plane.shaky.release();
  expect(await Promise.all([registered, taking])).toEqual([1n, 2n]);
  expect(await refused).toBe("SUPERSEDED");
  expect(first.directives).toEqual([{ kind: "superseded", instance: refTo("a") }]);
});

test("a taking that fails fences nobody", async () => {
  await using plane = startRegistry();
  const [first, second] = [await plane.open(), await plane.open()];
  await first.session.register(aSpec("a"));
  plane.shaky.fail();
  expect(await reasonOf(second.session.register(aSpec("a")))).toBe("STORE_UNAVAILABLE");
  plane.shaky.heal();
  await plane.pass(2_000);
  expect(await reasonOf(first.session.register(aSpec("a", { version: "2" })))).toBeUndefined();
  expect(plane.record(first.session.id)?.fenced).toEqual([]);
});

test("the fence is stored with the taking and holds after resuming and after a restart", async () => {
  await using plane = startRegistry();
  const [first, second] = [await plane.open(), await plane.open()];
  await first.session.register(aSpec("a"));
  first.session.break();
  await second.session.register(aSpec("a"));
  expect(plane.record(first.session.id)?.fenced).toEqual([refTo("a")]);
  const resumed = await plane.open({ resumeToken: first.session.resumeToken });
  expect(resumed.session.held).toEqual([]);
  expect(await reasonOf(resumed.session.register(aSpec("a")))).toBe("SUPERSEDED");
  await plane.restart();
  const again = await plane.open({ resumeToken: first.session.resumeToken });
  expect(await reasonOf(again.session.register(aSpec("a")))).toBe("SUPERSEDED");
});

test("a registration without a session takes an instance from its session likewise", async () => {
  await using plane = startRegistry();
  const { session, directives } = await plane.open();
  await session.register(aSpec("a"));
  await plane.registry.register([leased("a"), leased("b")], alice);
  expect(directives).toEqual([{ kind: "superseded", instance: refTo("a") }]);
  expect(await reasonOf(session.deregister(refTo("a"), 0))).toBe("SUPERSEDED");
  await session.close();
  expect(plane.ids()).toEqual(["a", "b"]);
});

test("a session that is taken from does not take along what it lost when it expires", async () => {
  await using plane = startRegistry();
  const [first, second] = [await plane.open({ ttlMs: 5_000 }), await plane.open()];
  await first.session.register(aSpec("a"));
  first.session.break();
  await second.session.register(aSpec("a"));
  await plane.pass(6_000);
  expect(plane.ids()).toEqual(["a"]);
  expect(plane.store.sessions().map(({ id }) => id)).toEqual([second.session.id]);
});

test("closing in the same moment as another holder takes an instance leaves it with the other", async () => {
  await using plane = startRegistry();
  const [first, second] = [await plane.open(), await plane.open()];
  await first.session.register(aSpec("a"));
  plane.shaky.hold();
  const taking = second.session.register(aSpec("a"));
  const closed = first.session.close();
  plane.shaky.release();
  await Promise.all([taking, closed]);
  expect(plane.instance("a")?.holder).toEqual({ kind: "session", sessionId: second.session.id });
  expect(plane.store.sessions().map(({ id }) => id)).toEqual([second.session.id]);
});

test("an instance that somebody deregistered is not fenced from its session", async () => {
  await using plane = startRegistry();
  const { session, directives } = await plane.open();
  await session.register(aSpec("a"));
  await plane.registry.deregister(refTo("a"), 0, alice);
  expect(directives).toEqual([]);
  expect(await session.register(aSpec("a"))).toBe(3n);
});

test("a session remembers a bounded number of what was taken, the newest", async () => {
  await using plane = startRegistry({ maxFencedPerSession: 2 });
  const { session } = await plane.open();
  for (const id of ["a", "b", "c"]) await session.register(aSpec(id));
  for (const id of ["a", "b", "c"]) await plane.registry.register([leased(id)], alice);
  expect(plane.record(session.id)?.fenced).toEqual([refTo("b"), refTo("c")]);
  expect(await reasonOf(session.register(aSpec("b")))).toBe("SUPERSEDED");
});

test("a session is told that it was superseded only when that is durable", async () => {
  await using plane = startRegistry();
  const { session } = await plane.open();
  await session.register(aSpec("a"));
  plane.shaky.fail();
  const taking = plane.registry.register([leased("a")], alice);
  const update = session.update(refTo("a"), { version: "2" });
  expect(await Promise.all([reasonOf(taking), reasonOf(update)])).toEqual(["STORE_UNAVAILABLE", "STORE_UNAVAILABLE"]);
  expect(plane.instance("a")?.holder.kind).toBe("session");
});
