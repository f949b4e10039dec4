import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { vi } from "vitest";
import { AdminService } from "../../../gen/portolan/admin/v1/admin_pb.js";
import { Protocol, RegistryService } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { TelemetryService } from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";
import { Plane, type PlaneSettings } from "../../support/process/plane.js";
import { freePort } from "../../support/process/ports.js";
import { type ApiType, Envoy } from "./envoy.js";
import { Greeter } from "./greeter.js";
import { Caller } from "./xds-caller.js";
import { grpcBootstrap, type Library, libraryCommand, plainCommand } from "./xds-clients.js";

/** Who may call: a gRPC library by itself, or one that knows nothing of xDS through an Envoy of this kind. */
export type CallerKind = Library | ApiType;

/** What a test may say of an instance. */
export interface Registration {
  readonly zone?: string;
  readonly weight?: number;
  readonly protocol?: Protocol;
  readonly host?: string;
}

/** A plane, what is registered with it, and the programs that go by it. All end with it. */
export class XdsWorld implements AsyncDisposable {
  readonly registry: Client<typeof RegistryService>;
  readonly admin: Client<typeof AdminService>;
  readonly telemetry: Client<typeof TelemetryService>;
  readonly #programs: AsyncDisposable[] = [];

  private constructor(
    readonly plane: Plane,
    readonly directory: string,
  ) {
    const transport = createGrpcTransport({ baseUrl: `http://${plane.grpc}` });
    this.registry = createClient(RegistryService, transport);
    this.admin = createClient(AdminService, transport);
    this.telemetry = createClient(TelemetryService, transport);
  }

  static async start(settings: PlaneSettings = {}): Promise<XdsWorld> {
    return new XdsWorld(await Plane.start(settings), await mkdtemp(join(tmpdir(), "portolan-xds-")));
  }

  /** Starts a greeter; it registers nothing. */
  async greeter(id: string): Promise<Greeter> {
    return this.#keep(await Greeter.start(id));
  }

  /** Starts a greeter that serves only once the plane told it that it may. */
  async xdsGreeter(id: string): Promise<Greeter> {
    return this.#keep(await Greeter.startOverXds(id, await this.bootstrap(id)));
  }

  /** Starts a caller of a service, every `intervalMs`. */
  async caller(kind: CallerKind, service: string, intervalMs = 20): Promise<Caller> {
    if (kind !== "GRPC" && kind !== "DELTA_GRPC") {
      const command = libraryCommand(kind, await this.bootstrap(`${kind}-${service}`), service, intervalMs);
      return this.#keep(new Caller(kind, command));
    }
    const listen = `127.0.0.1:${await freePort()}`;
    await this.envoy(kind, { listen });
    return this.plainCaller(listen, service, intervalMs);
  }

  /** Starts a caller that knows nothing of xDS. */
  plainCaller(address: string, authority: string, intervalMs = 20): Caller {
    return this.#keep(new Caller(`caller of ${authority}`, plainCommand(address, authority, intervalMs)));
  }

  /** Starts an Envoy that says this of itself to the plane. */
  async envoy(apiType: ApiType, metadata: JsonObject): Promise<Envoy> {
    return this.#keep(await Envoy.start({ plane: this.plane.grpc, apiType, metadata }));
  }

  /** All Envoys that were started. */
  get envoys(): Envoy[] {
    return this.#programs.filter((program) => program instanceof Envoy);
  }

  /** Registers an instance of a service where something listens, until it is deregistered. */
  async register(service: string, { id, port }: { id: string; port: number }, how: Registration = {}): Promise<void> {
    const { zone, weight, protocol = Protocol.GRPC, host = "127.0.0.1" } = how;
    const instance = {
      service,
      id,
      endpoints: [{ host, port, protocol }],
      ...(zone !== undefined && { locality: { region: "r", zone } }),
      ...(weight !== undefined && { weight }),
    };
    await this.registry.register({ instance, ttl: { seconds: 0n } });
  }

  async deregister(service: string, id: string): Promise<void> {
    await this.registry.deregister({ instance: { service, id } });
  }

  /** Deregisters an instance that drains first; resolves when it is gone. */
  async drain(service: string, id: string): Promise<void> {
    await this.registry.deregister({ instance: { service, id }, drain: { seconds: 1n } });
    const left = async () => (await this.registry.listInstances({ service })).instances.map((instance) => instance.id);
    await vi.waitUntil(async () => !(await left()).includes(id), { timeout: 10_000 });
  }

  /** The file that tells a gRPC library where the plane is. */
  async bootstrap(node: string): Promise<string> {
    const path = join(this.directory, `${node}.json`);
    await writeFile(path, grpcBootstrap(node, this.plane.grpc));
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs.reverse()) await program[Symbol.asyncDispose]();
    await this.plane[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true });
  }

  #keep<T extends AsyncDisposable>(program: T): T {
    this.#programs.push(program);
    return program;
  }
}
