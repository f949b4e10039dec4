import { createServer as createHttp1, type Server as Http1Server } from "node:http";
import { createServer as createHttp2, type ServerHttp2Session } from "node:http2";
import type { Server, Socket } from "node:net";
import { createContextValues } from "@connectrpc/connect";
import { BINARY } from "../binary.js";
import { anonymousAt, setCaller } from "../caller.js";
import type { ConnectionRoom } from "../connection-room.js";
import { cutConnections } from "../cut-connections.js";
import { dropFarDeadline } from "../far-deadline.js";
import type { CallHost } from "../grpc/route.js";
import { keepAlive } from "../keepalive.js";
import { listen } from "../listen.js";
import type { RpcMetrics } from "../metrics.js";
import type { ServedService } from "../served-service.js";
import { connectAdapter } from "./adapter.js";
import { setConnection } from "./connection.js";
import { guarded } from "./guard.js";
import { type PlainPages, plainRoutes } from "./plain-routes.js";
import { Turns } from "./turns.js";

/** A connection that says nothing at all for this long is closed. */
const FIRST_BYTE_MS = 60_000;

/**
 * What a connection says first is read in pieces of this size, so that one that pipelines too much is closed before all of it is
 * parsed. Node makes an error with a stack for each request that ends so: hundreds of such connections kept new ones waiting for seconds.
 */
const FIRST_PIECE_BYTES = 2 * 1024;

/** Options of `openHttpServer`. */
export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly services: readonly ServedService[];
  readonly limits: {
    readonly maxMessageBytes: number;
    readonly maxHeaderBytes: number;
    readonly maxConnections: number;
    readonly maxStreamsPerConnection: number;
    /** Of HTTP/2, as on the gRPC port. */
    readonly keepaliveTimeMs: number;
    readonly keepaliveTimeoutMs: number;
  };
  readonly call: CallHost;
  readonly metrics: RpcMetrics;
  readonly pages: PlainPages;
  /** For the connections of all ports. */
  readonly room: ConnectionRoom;
  /** Told of a plain page that failed, of a call that ended without an answer, and of a connection that was not accepted. */
  readonly onError: (error: unknown) => void;
}

/** An HTTP server that listens. */
export interface HttpServer {
  readonly host: string;
  /** The port that is really bound. */
  readonly port: number;
  /** Takes no new connection; those that stand are cut after `graceMs`, or soon after `idle`. Resolves when all are gone. */
  close(graceMs: number, idle: Promise<void>): Promise<void>;
}

/**
 * Serves the same handlers over Connect, gRPC-Web and JSON, beside /healthz and /metrics, by HTTP/1.1 and by HTTP/2 without
 * TLS (which a session needs, because HTTP/1.1 cannot send both ways at once).
 *
 * @throws Error with the system's code (EADDRINUSE, EACCES, …) when the address cannot be bound.
 */
export async function openHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { limits, metrics } = options;
  const handler = createHandler(options);
  const http1 = createHttp1({ maxHeaderSize: limits.maxHeaderBytes, noDelay: true }, handler);
  const http2 = createHttp2(
    { settings: { maxConcurrentStreams: limits.maxStreamsPerConnection, maxHeaderListSize: limits.maxHeaderBytes } },
    handler,
  );
  const sessions = new Set<ServerHttp2Session>();
  http2.on("session", (session) => {
    sessions.add(session);
    keepAlive(session, { ...limits, clock: options.call.clock });
    session.once("close", () => sessions.delete(session));
  });
  const sockets = trackSockets(http1, (change) => metrics.connections("http", change));
  divert(http1, options.room, (socket) => http2.emit("connection", socket));
  http1.maxConnections = limits.maxConnections;
  const port = await listen(http1, options.host, options.port, options.onError);
  return {
    host: options.host,
    port,
    close: async (graceMs, idle) => {
      const closed = new Promise<void>((resolve) => http1.close(() => resolve()));
      for (const session of sessions) session.close();
      await cutConnections({ sockets, clock: options.call.clock, graceMs, idle, closed });
    },
  };
}

function trackSockets(server: Server, onChange: (change: 1 | -1) => void): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    onChange(1);
    socket.once("close", () => {
      sockets.delete(socket);
      onChange(-1);
    });
  });
  return sockets;
}

function createHandler(options: HttpServerOptions) {
  const { services, call, metrics, limits } = options;
  const adapter = connectAdapter({
    readMaxBytes: limits.maxMessageBytes,
    binaryOptions: BINARY,
    contextValues(request) {
      const { remoteAddress, remotePort } = request.socket;
      const values = setCaller(createContextValues(), anonymousAt(remoteAddress, remotePort));
      return "stream" in request ? setConnection(values, request.stream.session) : values;
    },
    fallback: plainRoutes(options.pages, options.onError),
    onError: options.onError,
    routes(router) {
      for (const service of services) {
        for (const method of service.desc.methods) {
          const handler = service.handler(method);
          router.rpc(method, guarded({ method, handler, host: call, metrics: metrics.method(method, "http") }));
        }
      }
    },
  });
  const turns = new Turns();
  return (...[request, response]: Parameters<typeof adapter>) => {
    dropFarDeadline(request.headers);
    if (request.httpVersionMajor > 1) adapter(request, response);
    else turns.take(request.socket, response, () => adapter(request, response));
  };
}

/**
 * Hands connections that begin with "PRI" to `serveHttp2`: HTTP/2 without TLS does, and no method of HTTP/1.1.
 *
 * Why in place of the HTTP/1.1 server's own listener: so one port serves both, and its timeouts and its closing hold.
 */
function divert(http1: Http1Server, room: ConnectionRoom, serveHttp2: (socket: Socket) => void): void {
  const [serveHttp1, ...others] = http1.listeners("connection");
  http1.removeAllListeners("connection");
  for (const other of others) http1.on("connection", (socket) => other.call(http1, socket));
  http1.on("connection", (socket: Socket) => {
    if (!room.take(socket)) return;
    const drop = () => socket.destroy();
    socket.on("error", drop);
    socket.setTimeout(FIRST_BYTE_MS, drop);
    socket.once("data", (first) => {
      socket.setTimeout(0, drop);
      socket.pause();
      for (let end = first.length; end > 0; end -= FIRST_PIECE_BYTES)
        socket.unshift(first.subarray(Math.max(0, end - FIRST_PIECE_BYTES), end));
      if (first.toString("latin1", 0, 3) === "PRI") {
        // HTTP/1.1 answers after the client's FIN, HTTP/2 does not: a connection that ends one way is over, with its streams.
        socket.allowHalfOpen = false;
        // It takes what was read out of the paused socket by itself.
        serveHttp2(socket);
      } else {
        serveHttp1?.call(http1, socket);
        socket.resume();
      }
    });
  });
}
