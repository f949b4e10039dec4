import { expect, test } from "vitest";
import { alice, leased, refTo, type Started, startRegistry } from "../support/start.js";

const limits = { flaps: { maxChangesPerMinute: 4, baseHoldMs: 30_000, maxHoldMs: 600_000 } };

async function flap(plane: Started, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    await plane.registry.update(refTo("a"), { reportedHealth: "not-serving" }, undefined, alice);
    await plane.pass(1_000);
    await plane.registry.update(refTo("a"), { reportedHealth: "serving" }, undefined, alice);
    await plane.pass(1_000);
  }
}

test("an instance that flaps is held at the worse state, and is told so", async () => {
  await using plane = startRegistry(limits);
  await plane.registry.register([leased("a", 0)], alice);
  await flap(plane, 3);
  expect(plane.instance("a")).toMatchObject({
    reportedHealth: "serving",
    health: "not-serving",
    healthReason: "held for 30 s: its health changed 4 times within a minute",
  });
});

test("a hold ends by itself, in one commit", async () => {
  await using plane = startRegistry(limits);
  await plane.registry.register([leased("a", 0)], alice);
  await flap(plane, 3);
  const before = plane.feed.length;
  await plane.pass(31_000, 500);
  expect(plane.instance("a")).toMatchObject({ health: "serving", healthReason: "" });
  expect(plane.feed.length - before).toBe(1);
});

test("the next hold lasts twice as long, also over a restart", async () => {
  await using plane = startRegistry(limits);
  await plane.registry.register([leased("a", 0)], alice);
  await flap(plane, 3);
  await plane.restart();
  await plane.pass(31_000, 500);
  await flap(plane, 3);
  expect(plane.instance("a")?.healthReason).toMatch(/^held for 60 s/);
});

test("who is calm for long enough begins with a short hold again", async () => {
  await using plane = startRegistry(limits);
  await plane.registry.register([leased("a", 0)], alice);
  await flap(plane, 3);
  await plane.pass(700_000, 5_000);
  await flap(plane, 3);
  expect(plane.instance("a")?.healthReason).toMatch(/^held for 30 s/);
});

test("changes that are few are never held", async () => {
  await using plane = startRegistry(limits);
  await plane.registry.register([leased("a", 0)], alice);
  for (let i = 0; i < 10; i++) {
    await flap(plane, 1);
    await plane.pass(60_000, 5_000);
  }
  expect(plane.instance("a")?.health).toBe("serving");
});
