import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { alice, aSpec, faultOf, leased, reasonOf, refTo, startRegistry } from "./support/start.js";

test("a session keeps its instances for as long as its stream lasts, without a message or a timer", async () => {
  await using plane = startRegistry();
  const idle = plane.clock.pending;
  const { session } = await plane.open({ ttlMs: 1_000 });
  expect(await session.register(aSpec("a"))).toBe(1n);
  expect(plane.clock.pending).toBe(idle);
  await plane.pass(7_200_000, 600_000);
  expect(plane.ids()).toEqual(["a"]);
  expect(plane.instance("a")?.holder).toEqual({ kind: "session", sessionId: session.id });
  expect(plane.feed[0]).toMatchObject({ actor: `session:${session.id}`, cause: "register" });
});

test("a session is durable before it is answered, and its token is stored as a hash alone", async () => {
  await using plane = startRegistry();
  plane.shaky.hold();
  let opened = false;
  const opening = plane.open({ ttlMs: 5_000, client: "worker-1" }).then((client) => {
    opened = true;
    return client;
  });
  await Promise.resolve();
  expect([opened, plane.store.sessions().length]).toEqual([false, 0]);
  plane.shaky.release();
  const { session } = await opening;
  expect(plane.record(session.id)).toEqual({
    id: session.id,
    client: "worker-1",
    ttlMs: 5_000,
    tokenHash: createHash("sha256").update(session.resumeToken).digest(),
    openedAtMs: plane.clock.wallMs(),
    fenced: [],
  });
  expect(plane.store.status().revision).toBe(0n);
});

test("a session that cannot be made durable is not opened", async () => {
  await using plane = startRegistry();
  plane.shaky.fail();
  expect(await reasonOf(plane.open())).toBe("STORE_UNAVAILABLE");
  expect(plane.registry.sessionCounts()).toEqual({ known: 0, attached: 0 });
});

test("registering the same again in a session commits nothing", async () => {
  await using plane = startRegistry();
  const { session } = await plane.open();
  await session.register(aSpec("a"));
  expect(await session.register(aSpec("a"))).toBe(1n);
  expect(plane.feed).toHaveLength(1);
});

test("a failed request leaves the session as it is", async () => {
  await using plane = startRegistry();
  const { session } = await plane.open();
  await session.register(aSpec("a"));
  expect(await reasonOf(session.register(aSpec("a", { version: "2" }), 9n))).toBe("REVISION_CONFLICT");
  expect(await reasonOf(session.update(refTo("x"), { version: "2" }))).toBe("NOT_FOUND");
  expect(await session.update(refTo("a"), { version: "2" }, 1n)).toBe(2n);
  expect(await session.deregister(refTo("x"), 0)).toBe(0n);
  expect(await session.deregister(refTo("a"), 0)).toBe(3n);
  expect(plane.feed.map(({ actor }) => actor)).toEqual(Array(3).fill(`session:${session.id}`));
});

test("a broken session's instances stay for its TTL, then leave in one commit with its record", async () => {
  await using plane = startRegistry();
  const { session } = await plane.open({ ttlMs: 15_000 });
  await Promise.all(["a", "b", "c"].map((id) => session.register(aSpec(id))));
  session.break();
  await plane.pass(14_999);
  expect(plane.ids()).toEqual(["a", "b", "c"]);
  await plane.pass(1_001);
  expect(plane.ids()).toEqual([]);
  expect(plane.feed.at(-1)).toMatchObject({ actor: "system:lease", cause: "session-expired" });
  expect(plane.feed.at(-1)?.changes).toHaveLength(3);
  expect(plane.store.sessions()).toEqual([]);
  expect(plane.registry.sessionCounts()).toEqual({ known: 0, attached: 0 });
});

test("sessions that break together expire in one commit", async () => {
  await using plane = startRegistry();
  for (const id of ["a", "b", "c"]) {
    const { session } = await plane.open();
    await session.register(aSpec(id));
    session.break();
  }
  const before = plane.feed.length;
  await plane.pass(16_000);
  expect(plane.feed.slice(before).map(({ changes }) => changes.length)).toEqual([3]);
});

test("sessions whose instances do not fit into one commit expire in a few", async () => {
  await using plane = startRegistry({ maxCommitChanges: 2 });
  const big = await plane.open();
  for (const id of ["a", "b", "c", "d", "e"]) await big.session.register(aSpec(id));
  const small = await plane.open();
  await small.session.register(aSpec("f"));
  big.session.break();
  small.session.break();
  await plane.pass(16_000);
  expect(plane.ids()).toEqual([]);
  expect(plane.feed.slice(6).every(({ changes }) => changes.length <= 2)).toBe(true);
  expect(plane.store.sessions()).toEqual([]);
});

test("a broken session without instances is forgotten at its TTL all the same", async () => {
  await using plane = startRegistry();
  const { session } = await plane.open();
  session.break();
  await plane.pass(16_000);
  expect(plane.store.sessions()).toEqual([]);
  expect(plane.store.status().revision).toBe(0n);
  expect(await reasonOf(plane.open({ resumeToken: session.resumeToken }))).toBe("NOT_FOUND");
});

test("resuming within the TTL keeps everything, without a change that a watch could see", async () => {
  await using plane = startRegistry();
  const { session } = await plane.open({ ttlMs: 15_000 });
  await session.register(aSpec("a"));
  session.break();
  await plane.pass(14_000);
  const resumed = await plane.open({ resumeToken: session.resumeToken, ttlMs: 1_000 });
  expect(resumed.session).toMatchObject({
    id: session.id,
    resumeToken: session.resumeToken,
    ttlMs: 15_000,
    held: [refTo("a")],
  });
  await plane.pass(60_000, 5_000);
  expect(plane.ids()).toEqual(["a"]);
  expect(plane.feed).toHaveLength(1);
});

test("a resumed session that breaks again has its whole TTL again", async () => {
  await using plane = startRegistry();
  const { session } = await plane.open({ ttlMs: 15_000 });
  await session.register(aSpec("a"));
  session.break();
  await plane.pass(10_000);
  const resumed = await plane.open({ resumeToken: session.resumeToken });
  resumed.session.break();
  await plane.pass(14_000);
  expect(plane.ids()).toEqual(["a"]);
});

test("resuming an attached session takes it over from the old stream", async () => {
  await using plane = startRegistry();
  const old = await plane.open();
  await old.session.register(aSpec("a"));
  const { session } = await plane.open({ resumeToken: old.session.resumeToken });
  const takenOver = { reason: "SESSION_TAKEN_OVER", sessionId: session.id };
  expect(old.detached).toMatchObject([{ fault: takenOver }]);
  expect(await faultOf(old.session.register(aSpec("b")))).toEqual(takenOver);
  expect(await faultOf(old.session.update(refTo("a"), {}))).toEqual(takenOver);
  expect(await faultOf(old.session.deregister(refTo("a"), 0))).toEqual(takenOver);
  expect(await faultOf(old.session.close())).toEqual(takenOver);
  expect(session.held).toEqual([refTo("a")]);
  expect(plane.registry.sessionCounts()).toEqual({ known: 1, attached: 1 });
});

test("the break of a stream that was taken over does not begin the TTL", async () => {
  await using plane = startRegistry();
  const old = await plane.open();
  await old.session.register(aSpec("a"));
  await plane.open({ resumeToken: old.session.resumeToken });
  old.session.break();
  await plane.pass(60_000, 5_000);
  expect(plane.ids()).toEqual(["a"]);
});

test.each([
  ["an unknown one", "s-0123456789abcdef.AAAA"],
  ["no token at all", "nonsense"],
  ["an empty one", ""],
])("a resume token that is %s is NOT_FOUND", async (_, resumeToken) => {
  await using plane = startRegistry();
  expect(await faultOf(plane.open({ resumeToken }))).toMatchObject({ reason: "NOT_FOUND", type: "session" });
});

test("knowing a session's id is not enough to resume it", async () => {
  await using plane = startRegistry();
  const { session } = await plane.open();
  const forged = `${session.id}.${"A".repeat(43)}`;
  expect(await reasonOf(plane.open({ resumeToken: forged }))).toBe("NOT_FOUND");
  expect(await reasonOf(plane.open({ resumeToken: `${session.resumeToken}A` }))).toBe("NOT_FOUND");
});

test("closing deregisters all that the session holds at once, in one commit with its record", async () => {
  await using plane = startRegistry();
  const { session } = await plane.open();
  await Promise.all(["a", "b"].map((id) => session.register(aSpec(id))));
  await session.close();
  expect(plane.ids()).toEqual([]);
  expect(plane.feed.at(-1)).toMatchObject({ actor: `session:${session.id}`, cause: "session-closed" });
  expect(plane.feed.at(-1)?.changes).toHaveLength(2);
  expect(plane.store.sessions()).toEqual([]);
  expect(await reasonOf(plane.open({ resumeToken: session.resumeToken }))).toBe("NOT_FOUND");
});

test("closing leaves what the session does not hold", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("other")], alice);
  const { session } = await plane.open();
  await session.register(aSpec("a"));
  await session.update(refTo("other"), { version: "2" });
  await session.close();
  expect(plane.ids()).toEqual(["other"]);
});

test("closing takes along what was accepted and is not yet durable", async () => {
  await using plane = startRegistry();
  const { session } = await plane.open();
  plane.shaky.hold();
  const requests = ["a", "b"].map((id) => session.register(aSpec(id)));
  const closed = session.close();
  plane.shaky.release();
  expect(await Promise.all(requests)).toEqual([1n, 2n]);
  await closed;
  expect(plane.ids()).toEqual([]);
  expect(plane.store.sessions()).toEqual([]);
});

test("expiry takes along what was accepted and is not yet durable", async () => {
  await using plane = startRegistry();
  const { session } = await plane.open({ ttlMs: 1_000 });
  plane.shaky.hold();
  const request = session.register(aSpec("a"));
  session.break();
  plane.clock.advance(5_000);
  plane.shaky.release();
  await request;
  await plane.pass(1_000);
  expect(plane.ids()).toEqual([]);
  expect(plane.store.sessions()).toEqual([]);
});

test("requests after the end of a stream are refused", async () => {
  await using plane = startRegistry();
  const { session } = await plane.open();
  await session.close();
  expect(await reasonOf(session.register(aSpec("a")))).toBe("NOT_FOUND");
  session.break();
  expect(plane.registry.sessionCounts()).toEqual({ known: 0, attached: 0 });
});

test("a session with more than a commit may change closes in a few commits and leaves nothing", async () => {
  await using plane = startRegistry({ maxCommitChanges: 2 });
  const { session } = await plane.open();
  for (const id of ["a", "b", "c", "d", "e"]) await session.register(aSpec(id));
  await session.close();
  expect(plane.feed.slice(5).map(({ changes }) => changes.length)).toEqual([2, 2, 1]);
  expect(plane.store.sessions()).toEqual([]);
});

test("a close that the store cannot write is refused and then made good by itself", async () => {
  await using plane = startRegistry();
  const { session } = await plane.open();
  await session.register(aSpec("a"));
  plane.shaky.fail();
  expect(await reasonOf(session.close())).toBe("STORE_UNAVAILABLE");
  expect(await reasonOf(plane.open({ resumeToken: session.resumeToken }))).toBe("NOT_FOUND");
  expect(plane.ids()).toEqual(["a"]);
  plane.shaky.heal();
  await plane.pass(3_000);
  expect(plane.ids()).toEqual([]);
  expect(plane.store.sessions()).toEqual([]);
  expect(plane.feed.at(-1)).toMatchObject({ actor: `session:${session.id}`, cause: "session-closed" });
});

test("a session whose expiry could not be written can still be resumed", async () => {
  await using plane = startRegistry();
  const { session } = await plane.open({ ttlMs: 5_000 });
  await session.register(aSpec("a"));
  session.break();
  plane.shaky.fail();
  await plane.pass(10_000);
  const resumed = await plane.open({ resumeToken: session.resumeToken });
  plane.shaky.heal();
  await plane.pass(10_000);
  expect(resumed.session.held).toEqual([refTo("a")]);
  expect(plane.ids()).toEqual(["a"]);
});

test("resuming a session whose expiry is being written waits for what becomes of it", async () => {
  await using plane = startRegistry();
  const { session } = await plane.open({ ttlMs: 1_000 });
  await session.register(aSpec("a"));
  session.break();
  plane.shaky.hold();
  plane.clock.advance(2_000);
  const resumed = reasonOf(plane.open({ resumeToken: session.resumeToken }));
  plane.shaky.release();
  expect(await resumed).toBe("NOT_FOUND");
  expect(plane.ids()).toEqual([]);
});

test("resuming a session whose expiry fails while it is written succeeds", async () => {
  await using plane = startRegistry();
  const { session } = await plane.open({ ttlMs: 1_000 });
  await session.register(aSpec("a"));
  session.break();
  plane.shaky.fail();
  plane.clock.advance(2_000);
  const resumed = await plane.open({ resumeToken: session.resumeToken });
  expect(resumed.session.held).toEqual([refTo("a")]);
});

test("after a restart every session waits its whole TTL to be resumed", async () => {
  await using plane = startRegistry();
  const kept = await plane.open({ ttlMs: 15_000 });
  const lost = await plane.open({ ttlMs: 15_000 });
  await kept.session.register(aSpec("kept"));
  await lost.session.register(aSpec("lost"));
  lost.session.break();
  await plane.pass(14_000);
  await plane.restart();
  await plane.pass(14_500);
  const { session } = await plane.open({ resumeToken: kept.session.resumeToken });
  expect(session.held).toEqual([refTo("kept")]);
  await plane.pass(2_000);
  expect(plane.ids()).toEqual(["kept"]);
  expect(plane.store.sessions().map(({ id }) => id)).toEqual([session.id]);
});

test("an instance whose session nothing is known of expires after a restart", async () => {
  await using plane = startRegistry();
  const { session } = await plane.open();
  await session.register(aSpec("a"));
  await plane.store.commit({ actor: "test", cause: "update", sessions: [{ delete: session.id }] });
  await plane.restart();
  await plane.pass(32_000);
  expect(plane.ids()).toEqual([]);
});

test("no more sessions are opened than the limit, and resuming is not bound by it", async () => {
  await using plane = startRegistry({ maxSessions: 2 });
  const { session } = await plane.open();
  await plane.open();
  expect(await faultOf(plane.open())).toMatchObject({ reason: "LIMIT_EXCEEDED", limit: "max-sessions", max: 2 });
  await plane.open({ resumeToken: session.resumeToken });
  expect(plane.registry.sessionCounts()).toEqual({ known: 2, attached: 2 });
});

test("a session holds no more instances than the limit, those not yet durable included", async () => {
  await using plane = startRegistry({ maxInstancesPerSession: 2 });
  const { session } = await plane.open();
  const reasons = await Promise.all(["a", "b", "c"].map((id) => reasonOf(session.register(aSpec(id)))));
  expect(reasons).toEqual([undefined, undefined, "LIMIT_EXCEEDED"]);
  expect(await reasonOf(session.register(aSpec("a", { version: "2" })))).toBeUndefined();
  await session.deregister(refTo("a"), 0);
  expect(await reasonOf(session.register(aSpec("c")))).toBeUndefined();
});

test("what happens to a session is told in order, with how many instances it held", async () => {
  await using plane = startRegistry();
  const first = await plane.open({ client: "worker-1", ttlMs: 5_000 });
  await first.session.register(aSpec("a"));
  first.session.break();
  const second = await plane.open({ resumeToken: first.session.resumeToken });
  second.session.break();
  await plane.pass(6_000);
  const third = await plane.open({ client: "worker-2" });
  await third.session.close();
  expect(plane.events.map(({ type, client, instances, address }) => [type, client, instances, address])).toEqual([
    ["session.opened", "worker-1", 0, alice.address],
    ["session.broken", "worker-1", 1, alice.address],
    ["session.resumed", "worker-1", 1, alice.address],
    ["session.broken", "worker-1", 1, alice.address],
    ["session.expired", "worker-1", 1, ""],
    ["session.opened", "worker-2", 0, alice.address],
    ["session.closed", "worker-2", 0, ""],
  ]);
});
