import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "vitest";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as ServerReflectionV1Alpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.js";
import { startPlane } from "../support/plane.js";
import { frame, RawGrpc, statusOf } from "../support/raw-grpc.js";

const SERVICES = [
  "envoy.service.accesslog.v3.AccessLogService",
  "envoy.service.discovery.v3.AggregatedDiscoveryService",
  "envoy.service.load_stats.v3.LoadReportingService",
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
  "portolan.admin.v1.AdminService",
  "portolan.discovery.v1.DiscoveryService",
  "portolan.registry.v1.RegistryService",
  "portolan.telemetry.v1.TelemetryService",
];

type Question = { case: "listServices" | "fileContainingSymbol" | "fileByFilename"; value: string };

/** Asks one question by one version of reflection. */
async function ask(
  version: typeof ServerReflection | typeof ServerReflectionV1Alpha,
  grpcUrl: string,
  messageRequest: Question,
) {
  const client = createClient(version as typeof ServerReflection, createGrpcTransport({ baseUrl: grpcUrl }));
  async function* requests() {
    yield { messageRequest };
  }
  for await (const { messageResponse } of client.serverReflectionInfo(requests())) return messageResponse;
  throw new Error("reflection ended without an answer");
}

describe.each([
  ["v1", ServerReflection],
  ["v1alpha", ServerReflectionV1Alpha],
] as const)("reflection %s", (_, version) => {
  test("lists every service", async () => {
    await using plane = await startPlane();
    const answer = await ask(version, plane.grpcUrl, { case: "listServices", value: "*" });
    expect(answer.case).toBe("listServicesResponse");
    const names = answer.case === "listServicesResponse" ? answer.value.service.map(({ name }) => name) : [];
    expect(names.sort()).toEqual(SERVICES);
  });

  test.each([...SERVICES, "google.rpc.ErrorInfo", "google.rpc.BadRequest", "envoy.config.cluster.v3.Cluster"])(
    "describes %s with all that it needs",
    async (symbol) => {
      await using plane = await startPlane();
      const answer = await ask(version, plane.grpcUrl, { case: "fileContainingSymbol", value: symbol });
      const bytes = answer.case === "fileDescriptorResponse" ? [...answer.value.fileDescriptorProto] : [];
      // The library leaves out what is imported for options alone: clients ask for it by name, as grpcurl does.
      for (let missing = missingImport(bytes); missing; missing = missingImport(bytes)) {
        const file = await ask(version, plane.grpcUrl, { case: "fileByFilename", value: missing });
        if (file.case !== "fileDescriptorResponse") throw new Error(`${missing} is not there`);
        bytes.push(...file.value.fileDescriptorProto);
      }
      const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: sorted(bytes) }));
      expect(registry.get(symbol)?.typeName).toBe(symbol);
    },
  );

  test("answers what it does not know with an error, and goes on", async () => {
    await using plane = await startPlane();
    const answer = await ask(version, plane.grpcUrl, { case: "fileContainingSymbol", value: "acme.Unknown" });
    expect(answer).toMatchObject({ case: "errorResponse", value: { errorCode: 5 } });
  });
});

test("reflection answers anew and anew, by both versions, whichever was asked first", async () => {
  await using plane = await startPlane();
  for (const version of [ServerReflectionV1Alpha, ServerReflection, ServerReflectionV1Alpha, ServerReflection]) {
    const answer = await ask(version, plane.grpcUrl, { case: "listServices", value: "*" });
    expect(answer.case === "listServicesResponse" && answer.value.service).toHaveLength(SERVICES.length);
  }
});

test("a reflection client that does not read is not answered without end", async () => {
  await using plane = await startPlane({ mayLeak: true });
  await using raw = new RawGrpc(plane.grpcUrl);
  const stream = raw.open("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
  const question = frame(Buffer.concat([Buffer.from([0x22, 36]), Buffer.from("portolan.registry.v1.RegistryService")]));
  for (let i = 0; i < 20_000; i++) stream.write(question);
  if (raw.session.connecting) await new Promise((resolve) => raw.session.once("connect", resolve));
  // Until the server takes no more: nothing moves for as long as twenty pings take.
  for (let still = 0, before = -1; still < 20; still++) {
    if (stream.writableLength !== before) still = 0;
    before = stream.writableLength;
    await new Promise((resolve) => raw.session.ping(resolve));
  }
  expect(stream.writableLength).toBeGreaterThan(500_000);
});

test("a question that cannot be read ends the call, also behind others that are still being answered", async () => {
  await using plane = await startPlane();
  await using raw = new RawGrpc(plane.grpcUrl);
  const stream = raw.open("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
  const status = statusOf(stream);
  stream.end(Buffer.concat([frame(Buffer.alloc(0)), frame(Buffer.alloc(0)), frame(Buffer.of(0xff))]));
  expect(await status).toMatchObject({ code: 13, reason: "INTERNAL" });
});

/** The name of a file that another imports and that is not among them. */
function missingImport(bytes: readonly Uint8Array[]): string | undefined {
  const files = bytes.map((one) => fromBinary(FileDescriptorProtoSchema, one));
  const names = new Set(files.map(({ name }) => name));
  return files.flatMap(({ dependency }) => dependency).find((name) => !names.has(name));
}

/** Files after what they import, as a registry wants them. */
function sorted(bytes: readonly Uint8Array[]): FileDescriptorProto[] {
  const files = new Map(
    bytes.map((one) => fromBinary(FileDescriptorProtoSchema, one)).map((file) => [file.name, file]),
  );
  const order = new Set<FileDescriptorProto>();
  const visit = (file: FileDescriptorProto | undefined): void => {
    if (!file || order.has(file)) return;
    for (const dependency of file.dependency) visit(files.get(dependency));
    order.add(file);
  };
  for (const file of files.values()) visit(file);
  return [...order];
}
