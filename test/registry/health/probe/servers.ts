import { once } from "node:events";
import { createServer as createHttp, type RequestListener } from "node:http";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from "node:net";
import { Server as GrpcServer, ServerCredentials } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import type { HealthCheck } from "../../../../src/model/index.js";
import { type ProbeAddresses, parseProbeAddresses } from "../../../../src/registry/health/probe/addresses.js";
import { UNKNOWN } from "../../../../src/registry/health/probe/probe-rule.js";
import type { ProbedInstance } from "../../../../src/registry/health/probe/probed-instance.js";
import { Resolver } from "../../../../src/registry/health/probe/resolver.js";
import { runProbe } from "../../../../src/registry/health/probe/run-probe.js";
import { systemClock } from "../../../../src/stream/index.js";

/** Something that listens, and how many connections it was made. */
export interface Listening extends AsyncDisposable {
  readonly port: number;
  readonly connections: number;
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

/** The same over TLS. */
export const httpsServer = (pem: { key: string; cert: string }, listener: RequestListener) =>
  listening(createHttps({ ...pem, keepAliveTimeout: 60_000 }, listener));

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

/** An instance to be probed, as the prober holds it. */
export function toProbe(
  port: number,
  probe: HealthCheck["probe"],
  more: { tls?: boolean; host?: string } = {},
): ProbedInstance {
  const check = {
    probe,
    endpointName: "",
    intervalMs: 1_000,
    timeoutMs: 400,
    unhealthyThreshold: 1,
    healthyThreshold: 1,
  };
  const target = { host: more.host ?? "127.0.0.1", port, tls: more.tls ?? false, check };
  return { target, state: UNKNOWN, barred: undefined, dueMs: 0, attempts: 0, giveUp: undefined, client: undefined };
}

/** Probes once, with the machine's clock. */
export async function probe(
  instance: ProbedInstance,
  { allowed = "loopback", lookup }: { allowed?: string; lookup?: (name: string) => Promise<readonly string[]> } = {},
): Promise<string> {
  const addresses = parseProbeAddresses(allowed) as ProbeAddresses;
  const resolver = new Resolver({ addresses, clock: systemClock, ...(lookup && { lookup }) });
  const outcome = await runProbe(instance, { clock: systemClock, resolver });
  return outcome.kind === "failed" || outcome.kind === "barred" ? outcome.reason : outcome.kind;
}
