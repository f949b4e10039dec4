import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttp, type RequestListener } from "node:http";
import { createServer as createHttp2, createSecureServer, type ServerHttp2Stream } from "node:http2";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server as GrpcServer, ServerCredentials } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";

/** Something that listens. */
export interface Listening extends AsyncDisposable {
  readonly port: number;
  /** How many connections were made to it. */
  readonly connections: number;
  /** How many of them are open. */
  readonly connected: number;
  /** Breaks what is connected. */
  cut(): void;
}

async function listening(server: Server): Promise<Listening> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on("connection", (socket) => {
    connections++;
    sockets.add(socket.on("error", () => {}));
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    get connected() {
      return sockets.size;
    },
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}

/** An HTTP server. */
export const httpServer = (listener: RequestListener) => listening(createHttp({ keepAliveTimeout: 60_000 }, listener));

/** A key, and a certificate that nobody vouches for. */
export interface Pem {
  readonly key: string;
  readonly cert: string;
}

/** Makes one. */
export function selfSigned(): Pem {
  const folder = mkdtempSync(join(tmpdir(), "portolan-tls-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=probed.test", "-days", "1", "-nodes"];
    const args = ["req", "-x509", "-newkey", "rsa:2048", "-keyout", key, "-out", cert, ...subject];
    execFileSync("openssl", args, { stdio: "ignore" });
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same over TLS. */
export const httpsServer = (pem: Pem, listener: RequestListener) =>
  listening(createHttps({ ...pem, keepAliveTimeout: 60_000 }, listener));

/** An HTTP/2 server, with TLS if it is given what that takes; each call is the test's. */
export const http2Server = (onStream: (stream: ServerHttp2Stream) => void, pem?: Pem) => {
  const server = pem ? createSecureServer({ ...pem }) : createHttp2();
  return listening(server.on("stream", (stream) => onStream(stream.on("error", () => {}))));
};

/** Bytes of a gRPC message: a HealthCheckResponse with a status, 1 for SERVING. */
export const healthAnswer = (status: number) => Buffer.from([0, 0, 0, 0, 2, 8, status]);

/** Answers a call as gRPC servers do. */
export function answer(
  stream: ServerHttp2Stream,
  body: Buffer,
  { contentType = "application/grpc", status = "0" }: { contentType?: string; status?: string } = {},
): void {
  stream.respond({ ":status": 200, "content-type": contentType }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
  stream.end(body);
}

/** A TCP server. */
export const tcpServer = (listener: (socket: Socket) => void) => listening(createTcp(listener));

/** A gRPC server with health, or without. */
export async function grpcServer(
  statuses: Readonly<Record<string, "SERVING" | "NOT_SERVING">> | undefined,
): Promise<{ readonly port: number; set(name: string, status: "SERVING" | "NOT_SERVING"): void } & AsyncDisposable> {
  const server = new GrpcServer();
  const health = new HealthImplementation(statuses ? { ...statuses } : {});
  if (statuses) health.addToServer(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    port,
    set: (name, status) => health.setStatus(name, status),
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}
