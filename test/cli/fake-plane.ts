import { once } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import type { ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { AdminService } from "../../gen/portolan/admin/v1/admin_pb.js";
import { DiscoveryService } from "../../gen/portolan/discovery/v1/discovery_pb.js";
import { RegistryService } from "../../gen/portolan/registry/v1/registry_pb.js";
import { TelemetryService } from "../../gen/portolan/telemetry/v1/telemetry_pb.js";

/** What the fake answers; calls that are not here are UNIMPLEMENTED. */
export interface Answers {
  readonly registry?: Partial<ServiceImpl<typeof RegistryService>>;
  readonly discovery?: Partial<ServiceImpl<typeof DiscoveryService>>;
  readonly telemetry?: Partial<ServiceImpl<typeof TelemetryService>>;
  readonly admin?: Partial<ServiceImpl<typeof AdminService>>;
}

/** A gRPC server that answers what a test wants to see answered. */
export class FakePlane implements AsyncDisposable {
  readonly #server: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #port: number;

  private constructor(server: Http2Server, port: number) {
    this.#server = server;
    this.#port = port;
    server.on("session", (session) => {
      this.#sessions.add(session);
      session.on("close", () => this.#sessions.delete(session));
    });
  }

  /** Listens on 127.0.0.1, on a free port unless one is given. */
  static async start(answers: Answers, port = 0): Promise<FakePlane> {
    const handler = connectNodeAdapter({
      routes(router) {
        router.service(RegistryService, answers.registry ?? {});
        router.service(DiscoveryService, answers.discovery ?? {});
        router.service(TelemetryService, answers.telemetry ?? {});
        router.service(AdminService, answers.admin ?? {});
      },
    });
    const server = createServer(handler);
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return new FakePlane(server, (server.address() as AddressInfo).port);
  }

  get port(): number {
    return this.#port;
  }

  /** "127.0.0.1:12345". */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Breaks every connection, and goes on listening. */
  breakConnections(): void {
    for (const session of this.#sessions) session.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.breakConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
