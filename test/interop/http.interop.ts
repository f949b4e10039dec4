import { Code, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DiscoveryService } from "../../gen/portolan/discovery/v1/discovery_pb.js";
import { RegistryService } from "../../gen/portolan/registry/v1/registry_pb.js";
import { Plane } from "../support/process/plane.js";

const TRANSPORTS = {
  Connect: (plane: Plane) => createConnectTransport({ baseUrl: plane.http, httpVersion: "1.1" }),
  "Connect with binary messages": (plane: Plane) =>
    createConnectTransport({ baseUrl: plane.http, httpVersion: "1.1", useBinaryFormat: true }),
  "gRPC-Web": (plane: Plane) => createGrpcWebTransport({ baseUrl: plane.http, httpVersion: "1.1" }),
  gRPC: (plane: Plane) => createGrpcTransport({ baseUrl: `http://${plane.grpc}` }),
} as const satisfies Record<string, (plane: Plane) => Transport>;

function instance(service: string, id: string) {
  return { service, id, endpoints: [{ name: "http", host: "10.0.0.1", port: 8080 }] };
}

describe("the HTTP port", () => {
  let plane: Plane;
  beforeAll(async () => {
    plane = await Plane.start();
  });
  afterAll(() => plane[Symbol.asyncDispose]());
  const post = (method: string, body: object) =>
    fetch(`${plane.http}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  test("takes JSON as curl sends it", async () => {
    const registered = await post("portolan.registry.v1.RegistryService/Register", { instance: instance("web", "a") });
    expect(registered.status).toBe(200);
    expect(await registered.json()).toMatchObject({ instance: { id: "a", health: "HEALTH_SERVING" }, ttl: "30s" });
    const resolved = await post("portolan.discovery.v1.DiscoveryService/Resolve", { target: { service: "web" } });
    expect(await resolved.json()).toMatchObject({ exists: true, instances: [{ instance: { id: "a" } }] });
  });

  test("answers faults as JSON with their details", async () => {
    const bad = { instance: { service: "web", id: "", endpoints: [] } };
    const response = await post("portolan.registry.v1.RegistryService/Register", bad);
    expect(response.status).toBe(400);
    const error = (await response.json()) as { code: string; details: { type: string }[] };
    expect(error.code).toBe("invalid_argument");
    expect(error.details.map(({ type }) => type)).toEqual(
      expect.arrayContaining(["google.rpc.BadRequest", "google.rpc.ErrorInfo"]),
    );
  });

  test.each(Object.entries(TRANSPORTS))("serves unary calls over %s", async (name, open) => {
    const registry = createClient(RegistryService, open(plane));
    const id = name.replaceAll(" ", "-");
    await registry.register({ instance: instance("unary", id) });
    const { instance: found } = await registry.getInstance({ instance: { service: "unary", id } });
    expect(found?.id).toBe(id);
  });

  test.each(Object.entries(TRANSPORTS))("serves a watch over %s", async (name, open) => {
    const service = `watched-${Object.keys(TRANSPORTS).indexOf(name)}`;
    const registry = createClient(RegistryService, open(plane));
    const ids: string[] = [];
    for await (const { synced, updates } of createClient(DiscoveryService, open(plane)).watch({
      targets: [{ service }],
    })) {
      ids.push(...updates.flatMap(({ put }) => put.map((one) => one.instance?.id ?? "")));
      if (ids.length > 0) break;
      if (synced) await registry.register({ instance: instance(service, "late") });
    }
    expect(ids).toEqual(["late"]);
  });

  test.each(Object.entries(TRANSPORTS))("tells what was not found over %s", async (_name, open) => {
    const registry = createClient(RegistryService, open(plane));
    await expect(registry.getService({ name: "nothing" })).rejects.toMatchObject({ code: Code.NotFound });
  });

  test("says that it is healthy", async () => {
    expect((await fetch(`${plane.http}/healthz`)).status).toBe(200);
  });

  test("exposes metrics for Prometheus", async () => {
    const response = await fetch(`${plane.http}/metrics`);
    expect(response.headers.get("content-type")).toContain("text/plain");
    const names = new Set((await response.text()).match(/^# TYPE (portolan_\S+)/gm));
    expect(names.size).toBeGreaterThan(10);
  });
});
