import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, test } from "vitest";
import { Health, RegistryService } from "../../gen/portolan/registry/v1/registry_pb.js";
import { Plane } from "../support/process/plane.js";
import { type Language, startService } from "./support/examples.js";

/** A plane, a server of a language, and an instance that says where it is and how it is probed. */
async function start(language: Language, kind: "grpc" | "tcp") {
  const plane = await Plane.start();
  const server = startService(language, plane.grpc, `${language}-1`);
  const [, port] = /127\.0\.0\.1:(\d+)$/.exec(await server.line(/^serving greeter at /)) ?? [];
  const registry = createClient(RegistryService, createGrpcTransport({ baseUrl: `http://${plane.grpc}` }));
  const ref = { service: "probed", id: language };
  const probe = kind === "grpc" ? ({ case: "grpc", value: {} } as const) : ({ case: "tcp", value: {} } as const);
  const healthCheck = { probe, interval: { seconds: 1n }, unhealthyThreshold: 2, healthyThreshold: 1 };
  const endpoints = [{ host: "127.0.0.1", port: Number(port) }];
  await registry.register({ instance: { ...ref, endpoints, healthCheck }, ttl: { seconds: 0n } });
  return {
    server,
    health: async () => (await registry.getInstance({ instance: ref })).instance?.health,
    async passed() {
      const page = await (await fetch(`${plane.http}/metrics`)).text();
      return Number(/^portolan_registry_probes_total\{.*outcome="passed"\} (\d+)/m.exec(page)?.[1] ?? 0);
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await plane[Symbol.asyncDispose]();
    },
  };
}

const patiently = { timeout: 20_000 };

test("a Go server is found silent by grpc.health.v1 when it is stopped, and well when it goes on", async () => {
  await using started = await start("go", "grpc");
  const { server, health, passed } = started;
  await expect.poll(passed, patiently).toBeGreaterThan(1);
  expect(await health()).toBe(Health.SERVING);
  process.kill(server.pid, "SIGSTOP");
  await expect.poll(health, patiently).toBe(Health.NOT_SERVING);
  process.kill(server.pid, "SIGCONT");
  await expect.poll(health, patiently).toBe(Health.SERVING);
}, 60_000);

test.each<Language>(["python", "java"])(
  "a %s server is found gone by TCP when it is killed",
  async (language) => {
    await using started = await start(language, "tcp");
    const { server, health, passed } = started;
    await expect.poll(passed, patiently).toBeGreaterThan(1);
    expect(await health()).toBe(Health.SERVING);
    await server.kill("SIGKILL");
    await expect.poll(health, patiently).toBe(Health.NOT_SERVING);
  },
  60_000,
);
