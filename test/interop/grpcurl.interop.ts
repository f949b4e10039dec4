import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inProject } from "../support/process/paths.js";
import { Plane } from "../support/process/plane.js";
import { run } from "../support/process/program.js";
import { GrpcurlStream, grpcurl, grpcurlCommand, grpcurlError } from "./support/grpcurl.js";

const REGISTRY = "portolan.registry.v1.RegistryService";
const DISCOVERY = "portolan.discovery.v1.DiscoveryService";
const SERVICES = [
  "envoy.service.accesslog.v3.AccessLogService",
  "envoy.service.discovery.v3.AggregatedDiscoveryService",
  "envoy.service.load_stats.v3.LoadReportingService",
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
  "portolan.admin.v1.AdminService",
  DISCOVERY,
  REGISTRY,
  "portolan.telemetry.v1.TelemetryService",
];
const CODES = { ABORTED: 10, INVALID_ARGUMENT: 3, NOT_FOUND: 5 };

interface Registered {
  readonly revision: string;
  readonly ttl: string;
  readonly instance: { readonly modRevision: string };
}
interface Listed {
  readonly instances?: readonly { readonly id: string; readonly health?: string; readonly labels?: object }[];
}

function instance(service: string, id: string, more: object = {}) {
  return {
    service,
    id,
    endpoints: [{ name: "grpc", host: "10.0.0.1", port: 8080, protocol: "PROTOCOL_GRPC" }],
    ...more,
  };
}

function detail(details: readonly ({ readonly "@type": string } & Record<string, unknown>)[], type: string) {
  return details.find((one) => one["@type"] === `type.googleapis.com/google.rpc.${type}`);
}

describe("grpcurl", () => {
  let plane: Plane;
  beforeAll(async () => {
    plane = await Plane.start();
  });
  afterAll(() => plane[Symbol.asyncDispose]());
  const call = <T>(method: string, request: object) => grpcurl<T>(plane.grpc, method, request);
  const idsOf = async (service: string) =>
    ((await call<Listed>(`${REGISTRY}/ListInstances`, { service })).instances ?? []).map(({ id }) => id);

  test("lists every service, with health and both reflections", async () => {
    const { code, output } = await run(grpcurlCommand(plane.grpc, "list"));
    expect(code).toBe(0);
    expect(output.split("\n").sort()).toEqual([...SERVICES].sort());
  });

  test.each(SERVICES)("describes %s", async (service) => {
    const { code, output } = await run(describeOf(service));
    expect(code, output).toBe(0);
    expect(output).toContain(`${service} is a service:`);
  });

  test("reflects over v1alpha too", async () => {
    const answer = await call<{ listServicesResponse: { service: { name: string }[] } }>(
      "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
      { list_services: "" },
    );
    expect(answer.listServicesResponse.service.map(({ name }) => name)).toContain(REGISTRY);
  });

  test("calls without reflection, from the .proto files alone", async () => {
    const flags = ["-import-path", inProject("proto"), "-proto", "portolan/admin/v1/admin.proto", "-d", "{}"];
    const { code, output } = await run(grpcurlCommand(plane.grpc, "portolan.admin.v1.AdminService/GetInfo", flags));
    expect(code, output).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ store: "level" });
  });

  test("checks the health of the whole and of a service", async () => {
    for (const service of ["", REGISTRY]) {
      expect(await call("grpc.health.v1.Health/Check", { service })).toEqual({ status: "SERVING" });
    }
  });

  test("puts, gets, lists and deletes a service", async () => {
    await call(`${REGISTRY}/PutService`, { service: { name: "books", owner: "library", labels: { tier: "1" } } });
    expect(await call(`${REGISTRY}/GetService`, { name: "books" })).toMatchObject({ service: { owner: "library" } });
    const { services } = await call<{ services: { name: string }[] }>(`${REGISTRY}/ListServices`, {
      filter: 'service.owner == "library"',
    });
    expect(services.map(({ name }) => name)).toEqual(["books"]);
    await call(`${REGISTRY}/DeleteService`, { name: "books" });
    expect((await grpcurlError(plane.grpc, `${REGISTRY}/GetService`, { name: "books" })).code).toBe(CODES.NOT_FOUND);
  });

  test("registers, renews, updates, resolves and deregisters an instance", async () => {
    const ref = { service: "till", id: "a" };
    const { revision, ttl } = await call<Registered>(`${REGISTRY}/Register`, {
      instance: instance("till", "a"),
      ttl: "60s",
    });
    expect(ttl).toBe("60s");
    expect(Number(revision)).toBeGreaterThan(0);
    expect(await call(`${REGISTRY}/Renew`, { instances: [ref, { service: "till", id: "b" }] })).toMatchObject({
      notFound: [{ service: "till", id: "b" }],
    });
    await call(`${REGISTRY}/UpdateInstance`, { instance: { ...ref, weight: 7 }, update_mask: { paths: ["weight"] } });
    expect(await call(`${DISCOVERY}/Resolve`, { target: { service: "till" } })).toMatchObject({
      exists: true,
      instances: [{ instance: { id: "a", weight: 7 } }],
    });
    await call(`${REGISTRY}/Deregister`, { instance: ref });
    expect(await idsOf("till")).toEqual([]);
  });

  test("watches a service: the full set, synced, then a change", async () => {
    await call(`${REGISTRY}/Register`, { instance: instance("lamp", "a") });
    const request = JSON.stringify({ targets: [{ service: "lamp" }] });
    await using watch = new GrpcurlStream(plane.grpc, `${DISCOVERY}/Watch`, ["-d", request]);
    const [first] = await watch.responses(1);
    expect(first).toMatchObject({
      reset: true,
      updates: [{ service: "lamp", exists: true, put: [{ instance: { id: "a" } }] }],
    });
    await call(`${REGISTRY}/Register`, { instance: instance("lamp", "b") });
    const responses = await watch.responses(first?.synced ? 2 : 3);
    expect(responses.some(({ synced }) => synced)).toBe(true);
    expect(responses.at(-1)).toMatchObject({ updates: [{ put: [{ instance: { id: "b" } }] }] });
  });

  test("holds a session open over standard input; its end deregisters", async () => {
    const session = new GrpcurlStream(plane.grpc, `${REGISTRY}/Session`, ["-d", "@"]);
    session.send({ request_id: 1, open: { client: "grpcurl", ttl: "5s" } });
    expect(await session.responses(1)).toMatchObject([{ requestId: "1", opened: { ttl: "5s" } }]);
    session.send({ request_id: 2, register: { instance: instance("bell", "a") } });
    expect(await session.responses(2)).toMatchObject([{}, { requestId: "2", committed: {} }]);
    expect(await idsOf("bell")).toEqual(["a"]);
    expect(await session.halfClose()).toBe(0);
    expect(await idsOf("bell")).toEqual([]);
  });

  test("a session that breaks keeps its instances until its TTL is over", async () => {
    const request = JSON.stringify({ targets: [{ service: "gong" }] });
    await using watch = new GrpcurlStream(plane.grpc, `${DISCOVERY}/Watch`, ["-d", request]);
    const initial = (await watch.responses(1)).length;
    {
      await using session = new GrpcurlStream(plane.grpc, `${REGISTRY}/Session`, ["-d", "@"]);
      session.send({ request_id: 1, open: { client: "grpcurl", ttl: "2s" } });
      session.send({ request_id: 2, register: { instance: instance("gong", "a") } });
      await session.responses(2);
    }
    expect(await idsOf("gong")).toEqual(["a"]);
    const responses = await watch.responses(initial + 2);
    expect(responses.at(-2)).toMatchObject({ updates: [{ put: [{ instance: { id: "a" } }] }] });
    expect(responses.at(-1)).toMatchObject({ updates: [{ removed: ["a"] }] });
  });

  test("is told every fault of a request at once", async () => {
    const bad = { service: "Not A Name", id: "a b", endpoints: [{ host: "10.0.0.1", port: 70_000 }] };
    const { code, details } = await grpcurlError(plane.grpc, `${REGISTRY}/Register`, { instance: bad });
    expect(code).toBe(CODES.INVALID_ARGUMENT);
    expect(detail(details, "BadRequest")?.fieldViolations).toEqual(
      ["instance.service", "instance.id", "instance.endpoints[0].port"].map((field) =>
        expect.objectContaining({ field }),
      ),
    );
    expect(detail(details, "ErrorInfo")).toMatchObject({ reason: "FIELDS_INVALID", domain: "portolan" });
  });

  test("is told what was not found", async () => {
    const ref = { service: "lamp", id: "nobody" };
    const { code, details } = await grpcurlError(plane.grpc, `${REGISTRY}/GetInstance`, { instance: ref });
    expect(code).toBe(CODES.NOT_FOUND);
    expect(detail(details, "ErrorInfo")).toMatchObject({ reason: "NOT_FOUND" });
    expect(detail(details, "ResourceInfo")).toBeDefined();
  });

  test("is told the revision that it should have expected", async () => {
    const request = { instance: instance("lamp", "c") };
    const { instance: written } = await call<Registered>(`${REGISTRY}/Register`, request);
    const again = { instance: instance("lamp", "c", { version: "2" }), expected_revision: 0 };
    const { code, details } = await grpcurlError(plane.grpc, `${REGISTRY}/Register`, again);
    expect(code).toBe(CODES.ABORTED);
    expect(detail(details, "ErrorInfo")).toMatchObject({
      reason: "REVISION_CONFLICT",
      metadata: { expected: "0", actual: written.modRevision },
    });
  });

  test("reads in the event log who did what", async () => {
    const { events } = await call<{ events: { type: string; instanceId: string; actor: string }[] }>(
      "portolan.telemetry.v1.TelemetryService/QueryEvents",
      { query: { service: "bell" } },
    );
    expect(events.map(({ type }) => type)).toEqual(["instance.deregistered", "instance.registered", "service.put"]);
  });

  function describeOf(service: string) {
    const { file, args } = grpcurlCommand(plane.grpc, "describe");
    return { file, args: [...args, service] };
  }
});
