import { create } from "@bufbuild/protobuf";
import { type Client, createClient, type ServiceImpl } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { pino } from "pino";
import { Registry } from "prom-client";
import { DiscoveryService } from "../../gen/portolan/discovery/v1/discovery_pb.js";
import { GetServiceResponseSchema, RegistryService } from "../../gen/portolan/registry/v1/registry_pb.js";
import { ReportCallsResponseSchema, TelemetryService } from "../../gen/portolan/telemetry/v1/telemetry_pb.js";
import type { BufferedBytes } from "../../src/rpc/buffered-bytes.js";
import { createCallHost } from "../../src/rpc/call-host.js";
import {
  CallBook,
  ConnectionRoom,
  createRpcMetrics,
  type GrpcLimits,
  type GrpcServer,
  openGrpcServer,
} from "../../src/rpc/index.js";
import { servedService } from "../../src/rpc/served-service.js";
import { systemClock } from "../../src/stream/index.js";

/** What bounds a server and its calls. */
export interface EdgeLimits extends GrpcLimits {
  readonly maxBufferedBytes: number;
  readonly maxConnectionsTogether: number;
}

/** Limits that a test does not care about. */
export const LIMITS: EdgeLimits = {
  maxBufferedBytes: 512 * 1024 * 1024,
  maxConnectionsTogether: Number.POSITIVE_INFINITY,
  maxMessageBytes: 4 * 1024 * 1024,
  maxMessageParts: 200_000,
  maxStreamsPerConnection: 1_000,
  maxConnections: 100,
  maxHeaderBytes: 16_384,
  keepaliveTimeMs: 20_000,
  keepaliveTimeoutMs: 10_000,
  maxConnectionAgeGraceMs: 30_000,
};

/** Handlers that a test plays with: one of each kind of method. */
export interface EdgeHandlers {
  readonly unary?: ServiceImpl<typeof RegistryService>["getService"];
  readonly serverStream?: ServiceImpl<typeof DiscoveryService>["watch"];
  readonly clientStream?: ServiceImpl<typeof TelemetryService>["reportCalls"];
  readonly bidi?: ServiceImpl<typeof RegistryService>["session"];
}

/** A gRPC server with handlers of a test's own, and clients of it. */
export interface Edge extends AsyncDisposable {
  readonly server: GrpcServer;
  readonly baseUrl: string;
  readonly calls: CallBook;
  readonly register: Registry;
  readonly registry: Client<typeof RegistryService>;
  readonly discovery: Client<typeof DiscoveryService>;
  readonly telemetry: Client<typeof TelemetryService>;
  readonly buffered: BufferedBytes;
  /** What was logged, a line each. */
  readonly logged: readonly string[];
}

/** Starts a gRPC server on a free port; disposal cuts its connections and waits for its calls to end. */
export async function startEdge(handlers: EdgeHandlers, limits: Partial<EdgeLimits> = {}): Promise<Edge> {
  const register = new Registry();
  const metrics = createRpcMetrics(register);
  const calls = new CallBook();
  const logged: string[] = [];
  const log = pino({ level: "debug" }, { write: (line: string) => void logged.push(line) });
  const all = { ...LIMITS, ...limits };
  const call = createCallHost({ ...all, calls, clock: systemClock, log });
  const server = await openGrpcServer({
    host: "127.0.0.1",
    port: 0,
    services: servicesOf(handlers),
    limits: all,
    metrics,
    room: new ConnectionRoom(all.maxConnectionsTogether),
    onError: (err) => log.error({ err }, "accept"),
    call,
  });
  const baseUrl = `http://127.0.0.1:${server.port}`;
  const transport = createGrpcTransport({ baseUrl });
  return {
    server,
    baseUrl,
    calls,
    register,
    buffered: call.buffered,
    logged,
    registry: createClient(RegistryService, transport),
    discovery: createClient(DiscoveryService, transport),
    telemetry: createClient(TelemetryService, transport),
    async [Symbol.asyncDispose]() {
      await server.close(0, Promise.resolve());
      await calls.empty();
    },
  };
}

function servicesOf(handlers: EdgeHandlers) {
  const unused = () => {
    throw new Error("this handler is no part of the test");
  };
  const registry = {
    getService: handlers.unary ?? (() => create(GetServiceResponseSchema)),
    session: handlers.bidi ?? unused,
  };
  const discovery = { watch: handlers.serverStream ?? unused };
  const telemetry = { reportCalls: handlers.clientStream ?? (() => create(ReportCallsResponseSchema)) };
  return [
    servedService(RegistryService, allOf(registry, unused)),
    servedService(DiscoveryService, allOf(discovery, unused)),
    servedService(TelemetryService, allOf(telemetry, unused)),
  ];
}

/** Every method that a test leaves out fails. */
function allOf<T>(handlers: object, unused: () => never): T {
  return new Proxy(handlers, { get: (target, name) => Reflect.get(target, name) ?? unused }) as T;
}
