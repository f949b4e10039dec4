import { expect, onTestFinished, test } from "vitest";
import { XdsWorld } from "./support/xds-world.js";

test("an xDS-enabled server refuses calls until the plane sends it its listener, and then serves", async () => {
  const world = await XdsWorld.start();
  onTestFinished(() => world[Symbol.asyncDispose]());
  await world.plane.kill();
  const { program, port } = await world.xdsGreeter("guarded");
  const caller = world.plainCaller(`127.0.0.1:${port}`, "guarded");
  await caller.fails();
  await world.plane.start();
  await program.line(/^mode SERVING /);
  await caller.isAnsweredBy(["guarded"]);
  expect(program.lines.filter((line) => /^mode /.test(line)).at(-1)).toBe("mode SERVING <nil>");
});
