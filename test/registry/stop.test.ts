import { expect, test } from "vitest";
import { alice, aSpec, leased, reasonOf, refTo, startRegistry } from "./support/start.js";

test("every attached session is told to reconnect before a stop, and goes on", async () => {
  await using plane = startRegistry();
  const [attached, broken] = [await plane.open(), await plane.open()];
  broken.session.break();
  plane.registry.announceStop(5_000);
  expect(attached.directives).toEqual([{ kind: "reconnect", withinMs: 5_000 }]);
  expect(broken.directives).toEqual([]);
  expect(await attached.session.register(aSpec("a"))).toBe(1n);
});

test("disposal detaches every session and deregisters nothing", async () => {
  await using plane = startRegistry();
  const { session, detached } = await plane.open({ ttlMs: 1_000 });
  await session.register(aSpec("a"));
  await plane.registry[Symbol.asyncDispose]();
  expect(detached).toMatchObject([{ fault: { reason: "SHUTTING_DOWN" } }]);
  session.break();
  await plane.pass(60_000, 5_000);
  expect(plane.ids()).toEqual(["a"]);
});

test("a disposed registry keeps no timer", async () => {
  await using plane = startRegistry();
  const idle = plane.clock.pending;
  await plane.registry.register([leased("a")], alice);
  await plane.registry.deregister(refTo("a"), 5_000, alice);
  const { session } = await plane.open();
  session.break();
  expect(plane.clock.pending).toBeGreaterThan(idle);
  await plane.registry[Symbol.asyncDispose]();
  expect(plane.clock.pending).toBe(idle);
});

test("a disposed registry keeps no timer for what it had to try again", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 1_000)], alice);
  plane.shaky.fail();
  await plane.pass(3_000);
  plane.shaky.heal();
  await plane.registry[Symbol.asyncDispose]();
  await plane.pass(60_000, 5_000);
  expect(plane.ids()).toEqual(["a"]);
});

test("a disposed registry refuses what comes", async () => {
  await using plane = startRegistry();
  const { session } = await plane.open();
  const { registry } = plane;
  await registry[Symbol.asyncDispose]();
  const calls = [
    registry.register([leased("a")], alice),
    registry.update(refTo("a"), {}, undefined, alice),
    registry.deregister(refTo("a"), 0, alice),
    registry.deleteService({ namespace: "default", name: "checkout" }, { cascade: true }, alice),
    plane.open(),
    session.register(aSpec("a")),
    session.close(),
  ];
  expect(await Promise.all(calls.map(reasonOf))).toEqual(calls.map(() => "SHUTTING_DOWN"));
});

test("a session that closes counts as attached until its client can be answered", async () => {
  await using plane = startRegistry();
  const { session } = await plane.open();
  await session.register(aSpec("a"));
  plane.shaky.hold();
  const closed = session.close();
  expect(plane.registry.sessionCounts().attached).toBe(1);
  plane.shaky.release();
  await closed;
  expect(plane.registry.sessionCounts()).toEqual({ known: 0, attached: 0 });
});
