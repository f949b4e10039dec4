import { createServer, type Server as NetServer, type Socket } from "node:net";
import { type ConnectionInjector, Server, ServerCredentials, type ServerInterceptor } from "@grpc/grpc-js";
import type { ConnectionRoom } from "../connection-room.js";
import { type CutOptions, cutConnections } from "../cut-connections.js";
import { keepAlive } from "../keepalive.js";
import { listen } from "../listen.js";
import type { RpcMetrics } from "../metrics.js";
import type { ServedService } from "../served-service.js";
import { Inflater } from "./inflater.js";
import { LibraryCall } from "./library-call.js";
import { RequestBytes } from "./request-bytes.js";
import { type CallHost, createRoute, decoder, type Route } from "./route.js";
import { allowFarDeadlines, limitHeaders, onConnection, setFallbackHandler } from "./seams.js";
import { ServedCall } from "./served-call.js";
import { UnknownCall } from "./unknown-call.js";

/** What bounds a gRPC server. */
export interface GrpcLimits {
  /** Of one message, in either direction of reading: requests above it are refused. */
  readonly maxMessageBytes: number;
  /** Of one message: entries of its lists and maps, and messages within it. */
  readonly maxMessageParts: number;
  readonly maxStreamsPerConnection: number;
  readonly maxConnections: number;
  /** Of one call's headers together. */
  readonly maxHeaderBytes: number;
  /** A connection that was silent for this long is asked whether it lives. */
  readonly keepaliveTimeMs: number;
  /** A connection that does not answer within this is dropped. */
  readonly keepaliveTimeoutMs: number;
  /** Connections are asked to leave after this; absent means never. */
  readonly maxConnectionAgeMs?: number;
  /** How long calls may go on on such a connection. */
  readonly maxConnectionAgeGraceMs: number;
}

/** Options of `openGrpcServer`. */
export interface GrpcServerOptions {
  readonly host: string;
  readonly port: number;
  readonly services: readonly ServedService[];
  readonly limits: GrpcLimits;
  readonly call: CallHost;
  readonly metrics: RpcMetrics;
  /** For the connections of all ports. */
  readonly room: ConnectionRoom;
  /** Told of a connection that could not be accepted. */
  readonly onError: (error: unknown) => void;
  /** Adds what the library serves by itself: health and reflection. */
  readonly addExtras?: (server: Server) => void;
}

/** A gRPC server that listens. */
export interface GrpcServer {
  readonly host: string;
  /** The port that is really bound. */
  readonly port: number;
  /** Open connections. */
  readonly connections: number;
  /** Takes no new connection; those that stand are asked to leave, and cut after `graceMs`, or soon after `idle`. Resolves when all are gone. */
  close(graceMs: number, idle: Promise<void>): Promise<void>;
}

/**
 * Serves Connect-shaped handlers as native gRPC.
 *
 * Why a listener of our own in front of grpc-js: it has no limit of connections, and no exact account of what is bound.
 *
 * @throws Error with the system's code (EADDRINUSE, EACCES, …) when the address cannot be bound.
 */
export async function openGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const server = createLibraryServer(options);
  limitHeaders(server, options.limits.maxHeaderBytes);
  allowFarDeadlines(server);
  // Ours and not grpc-js's: theirs drops who was silent while we stood still ourselves.
  onConnection(server, (session) => keepAlive(session, { ...options.limits, clock: options.call.clock }));
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const sockets = new Set<Socket>();
  const listener = createServer({ noDelay: true }, (socket) => {
    if (!options.room.take(socket)) return;
    sockets.add(socket);
    options.metrics.connections("grpc", 1);
    socket.once("close", () => {
      sockets.delete(socket);
      options.metrics.connections("grpc", -1);
    });
    injector.injectConnection(socket);
  });
  listener.maxConnections = options.limits.maxConnections;
  const port = await listen(listener, options.host, options.port, options.onError);
  return {
    host: options.host,
    port,
    get connections() {
      return sockets.size;
    },
    close: (graceMs, idle) => close({ listener, injector, sockets, clock: options.call.clock, graceMs, idle }),
  };
}

function createLibraryServer(options: GrpcServerOptions): Server {
  const { limits, metrics } = options;
  /** path -> route. */
  const routes = new Map<string, Route>();
  const server = new Server({
    interceptors: [interceptor(routes, options)],
    "grpc.enable_channelz": 0,
    "grpc.max_receive_message_length": limits.maxMessageBytes,
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": limits.maxStreamsPerConnection,
    ...(limits.maxConnectionAgeMs === undefined ? {} : { "grpc.max_connection_age_ms": limits.maxConnectionAgeMs }),
    "grpc.max_connection_age_grace_ms": limits.maxConnectionAgeGraceMs,
  });
  for (const service of options.services) {
    for (const method of service.desc.methods) {
      const route = createRoute(method, service.handler(method), metrics.method(method, "grpc"));
      routes.set(route.path, route);
      server.register(
        route.path,
        neverAsked,
        (bytes: Buffer) => bytes,
        decoder(method, limits.maxMessageParts),
        "unary",
      );
    }
  }
  options.addExtras?.(server);
  setFallbackHandler(server, (path) => ({ ...NO_METHOD, path }));
  return server;
}

/** Serves our routes on the transport itself, dresses the library's own answers, and answers for what does not exist. */
function interceptor(routes: ReadonlyMap<string, Route>, options: GrpcServerOptions): ServerInterceptor {
  const bounds = { ...options.call, inflater: new Inflater() };
  return (definition, base) => {
    new RequestBytes(base, bounds);
    const route = routes.get(definition.path);
    if (route) return new ServedCall(base, route, options.call);
    if (definition.requestDeserialize !== NO_METHOD.deserialize)
      return new LibraryCall(base, { definition, calls: options.call.calls, metrics: options.metrics });
    return new UnknownCall(base, definition.path, options.metrics);
  };
}

interface Closing extends Omit<CutOptions, "closed"> {
  readonly listener: NetServer;
  readonly injector: ConnectionInjector;
}

async function close({ listener, injector, ...cutting }: Closing): Promise<void> {
  const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
  injector.drain(cutting.graceMs);
  await cutConnections({ ...cutting, closed });
  injector.destroy();
}

/** What grpc-js asks for with each method; our interceptor takes the call before it would be used. */
const NO_METHOD = {
  func: neverAsked,
  serialize: (bytes: Buffer) => bytes,
  deserialize: (bytes: Buffer) => bytes,
  type: "unary",
} as const;

function neverAsked(): void {
  throw new Error("the interceptor takes every call");
}
