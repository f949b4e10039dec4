import type { Logger } from "pino";
import type { Registry as MetricsRegister } from "prom-client";
import { RegistryService } from "../../gen/portolan/registry/v1/registry_pb.js";
import type { Config, ListenAddress } from "../config.js";
import type { Health } from "../observe/index.js";
import {
  addReflection,
  type CallBook,
  ConnectionRoom,
  createCallHost,
  createHealthService,
  type GrpcServer,
  type GrpcServerOptions,
  type HttpServer,
  openGrpcServer,
  openHttpServer,
  type PlainPages,
  type RpcMetrics,
  type ServedService,
} from "../rpc/index.js";
import type { Clock } from "../stream/index.js";
import { RESOURCE_FILES } from "../xds/index.js";
import { ListenError } from "./listen-error.js";
import { openFilesLimit } from "./open-files.js";
import type { Rooms } from "./rooms.js";

/** What the servers serve, and with what. */
export interface ServersOptions {
  readonly config: Config;
  readonly services: readonly ServedService[];
  readonly calls: CallBook;
  readonly health: Health;
  readonly clock: Clock;
  readonly log: Logger;
  readonly rooms: Rooms;
  readonly register: MetricsRegister;
  readonly metrics: RpcMetrics;
}

/** Both servers, listening. */
export interface Servers {
  readonly grpcAddress: ListenAddress;
  readonly httpAddress: ListenAddress | undefined;
  /** See `GrpcServer.close`. */
  close(graceMs: number, idle: Promise<void>): Promise<void>;
}

/** @throws ListenError when one of the addresses cannot be bound; neither is then. */
export async function openServers(options: ServersOptions): Promise<Servers> {
  const { config, calls, clock, log, metrics } = options;
  const shared = {
    metrics,
    room: new ConnectionRoom(roomFor(config, log), () => options.rooms.registry.probeConnections()),
    onError: (err: unknown) => log.error({ err }, "a connection, a page or an answer failed"),
    call: createCallHost({ ...config, calls, clock, log }),
  };
  const grpc = await openGrpc(options, shared);
  let http: HttpServer | undefined;
  try {
    http = await openHttp(options, shared);
  } catch (error) {
    await grpc.close(0, Promise.resolve());
    throw error;
  }
  return {
    grpcAddress: { host: grpc.host, port: grpc.port },
    httpAddress: http && { host: http.host, port: http.port },
    async close(graceMs, idle) {
      await Promise.all([grpc.close(graceMs, idle), http?.close(graceMs, idle)]);
    },
  };
}

type Shared = Pick<GrpcServerOptions, "metrics" | "call" | "room" | "onError">;

/** How many connections there are files for, when the store has those that it needs. */
function roomFor({ reservedFiles, maxConnections, httpAddress }: Config, log: Logger): number {
  const files = openFilesLimit();
  if (files === undefined) return Number.POSITIVE_INFINITY;
  const room = Math.max(1, files - reservedFiles);
  const wanted = maxConnections * (httpAddress ? 2 : 1);
  if (room < wanted)
    log.info({ files, reservedFiles, connections: room }, "the limit of open files allows fewer connections");
  return room;
}

async function openGrpc(options: ServersOptions, shared: Shared): Promise<GrpcServer> {
  const { config, services, health } = options;
  const descriptors = services.map(({ desc }) => desc);
  const healthService = createHealthService(descriptors.map(({ typeName }) => typeName));
  health.onChange(({ state, writable }) => {
    const serving = state === "serving";
    healthService.set("", serving);
    for (const { typeName } of descriptors) {
      healthService.set(typeName, serving && (writable || typeName !== RegistryService.typeName));
    }
  });
  const { maxConnectionAgeMs, ...limits } = config;
  return openGrpcServer({
    ...config.grpcAddress,
    ...shared,
    services,
    limits: maxConnectionAgeMs === undefined ? limits : { ...limits, maxConnectionAgeMs },
    addExtras(server) {
      healthService.addTo(server);
      addReflection(server, descriptors, RESOURCE_FILES);
    },
  }).catch((error: unknown) => {
    throw new ListenError("grpc-address", config.grpcAddress, error);
  });
}

async function openHttp(options: ServersOptions, shared: Shared): Promise<HttpServer | undefined> {
  const { config, services } = options;
  const { httpAddress } = config;
  if (!httpAddress) return undefined;
  return openHttpServer({
    ...httpAddress,
    ...shared,
    services: services.filter(({ grpcOnly }) => !grpcOnly),
    limits: config,
    pages: plainPages(options),
  }).catch((error: unknown) => {
    throw new ListenError("http-address", httpAddress, error);
  });
}

function plainPages({ health, rooms, register }: ServersOptions): PlainPages {
  return {
    health() {
      const { state, writable } = health.report;
      return {
        status: state === "serving" ? "SERVING" : "NOT_SERVING",
        revision: rooms.store.status().revision,
        writable,
        expiryPaused: rooms.registry.expiryGuard().paused,
      };
    },
    async metrics() {
      return { type: register.contentType, text: await register.metrics() };
    },
  };
}
