import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Endpoint, HealthCheck } from "../../../src/model/index.js";
import { alice, leased, refTo, type Started, startRegistry } from "../support/start.js";
import { tcpServer } from "./probe/servers.js";

const healthCheck: HealthCheck = {
  probe: { kind: "tcp" },
  endpointName: "",
  intervalMs: 10_000,
  timeoutMs: 10_000,
  unhealthyThreshold: 3,
  healthyThreshold: 2,
};

/** An endpoint where nobody listens. */
async function closed(name: string): Promise<Endpoint> {
  await using server = await tcpServer(() => {});
  return { name, host: "127.0.0.1", port: server.port, protocol: "tcp", tls: false };
}

/** Lets time pass in small steps, so that real connections have time to fail. */
async function until(plane: Started, isSo: () => boolean): Promise<void> {
  for (let step = 0; step < 200 && !isSo(); step++) {
    await plane.pass(50);
    await setImmediate();
  }
}

test("an instance that probes condemned stays out when its owner adds an endpoint that is not probed", async () => {
  await using plane = startRegistry();
  const isOut = () => plane.instance("a")?.health === "not-serving";
  const endpoints = [await closed("main")];
  await plane.registry.register([leased("a", 0, { endpoints, healthCheck })], alice);
  await until(plane, isOut);
  expect(plane.instance("a")?.healthReason).toBe("probe failed: connection refused");
  const more = [...endpoints, await closed("admin")];
  const before = plane.feed.length;
  await plane.registry.update(refTo("a"), { endpoints: more }, undefined, alice);
  await plane.durable();
  await plane.durable();
  expect(plane.instance("a")).toMatchObject({ health: "not-serving", endpoints: more });
  expect(plane.feed.slice(before)).toHaveLength(1); // it was never told to serve in between
});
