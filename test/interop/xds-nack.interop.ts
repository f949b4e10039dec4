import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../support/process/ports.js";
import { API_TYPES } from "./support/envoy.js";
import { XdsWorld } from "./support/xds-world.js";

test.each(API_TYPES)("a listener that an Envoy over %s refuses is not sent again and again", async (apiType) => {
  const world = await XdsWorld.start();
  onTestFinished(() => world[Symbol.asyncDispose]());
  const port = await occupiedPort();
  const envoy = await world.envoy(apiType, { listen: `127.0.0.1:${port}` });
  const refusals = () => nacks(world);
  await expect.poll(refusals, { timeout: 10_000 }).toBeGreaterThan(0);
  await setTimeout(5_000); // that nothing happens shows in time alone
  expect(await refusals()).toBeLessThanOrEqual(2);

  const { clients } = await world.admin.listXdsClients({ node: envoy.id });
  const listeners = clients.flatMap(({ types }) => types).find(({ type }) => type === "listener");
  expect(listeners?.error).toMatch(/Address already in use/);
  const { events } = await world.telemetry.queryEvents({ query: { type: "xds.nacked" } });
  expect(events[0]?.message).toMatch(/Address already in use/);
  expect(events.length).toBeLessThanOrEqual(2);
});

/** A port that somebody has for himself, without SO_REUSEPORT. */
async function occupiedPort(): Promise<number> {
  const port = await freePort();
  const squatter = createServer();
  squatter.listen(port, "127.0.0.1");
  await once(squatter, "listening");
  onTestFinished(() => void squatter.close());
  return port;
}

async function nacks(world: XdsWorld): Promise<number> {
  const page = await (await fetch(`${world.plane.http}/metrics`)).text();
  const counts = [...page.matchAll(/^portolan_xds_nacks_total\{.*\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
