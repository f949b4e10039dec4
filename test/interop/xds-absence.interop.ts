import { onTestFinished, test } from "vitest";
import { Callers, WHO_NOTICES_ABSENCE } from "./support/xds-callers.js";
import { XdsWorld } from "./support/xds-world.js";

async function startWorld(): Promise<XdsWorld> {
  const world = await XdsWorld.start();
  onTestFinished(() => world[Symbol.asyncDispose]());
  return world;
}

test("calls of a service that nobody knows fail, and succeed as soon as it is registered", async () => {
  const world = await startWorld();
  const callers = await Callers.start(world, "late", WHO_NOTICES_ABSENCE);
  await callers.each((caller) => caller.fails());
  await world.register("late", await world.greeter("a"));
  await callers.each((caller) => caller.isAnsweredBy(["a"]));
});

test("calls of a service that is deleted fail, and succeed as soon as it is registered anew", async () => {
  const world = await startWorld();
  const greeter = await world.greeter("a");
  await world.register("gone", greeter);
  const callers = await Callers.start(world, "gone", WHO_NOTICES_ABSENCE);
  await callers.each((caller) => caller.succeeds());
  await world.registry.deleteService({ name: "gone", cascade: true });
  await callers.each((caller) => caller.failsAlways());
  await world.register("gone", greeter);
  await callers.each((caller) => caller.isAnsweredBy(["a"]));
});
