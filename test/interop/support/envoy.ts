import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "@bufbuild/protobuf";
import { freePort } from "../../support/process/ports.js";
import { Program } from "../../support/process/program.js";
import { inTools } from "./paths.js";

/** How an Envoy asks for its resources: the state of the world, or delta. */
export const API_TYPES = ["GRPC", "DELTA_GRPC"] as const;
export type ApiType = (typeof API_TYPES)[number];

/** What a test may set of an Envoy. */
export interface EnvoySettings {
  /** host:port of the plane. */
  readonly plane: string;
  readonly apiType: ApiType;
  /** What it says of itself to the plane. */
  readonly metadata: JsonObject;
  readonly zone?: string;
}

/** An Envoy that gets everything from the plane but how to reach it. */
export class Envoy implements AsyncDisposable {
  private constructor(
    /** Its node id. */
    readonly id: string,
    readonly program: Program,
    readonly admin: string,
    readonly directory: string,
  ) {}

  static async start(settings: EnvoySettings): Promise<Envoy> {
    const directory = await mkdtemp(join(tmpdir(), "portolan-envoy-"));
    const admin = await freePort();
    const id = `envoy-${admin}`;
    const config = join(directory, "envoy.json");
    await writeFile(config, JSON.stringify(bootstrap(id, admin, settings)));
    const flags = ["-c", config, "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"];
    const program = new Program(id, { file: inTools("envoy/envoy/_bin/envoy"), args: flags });
    return new Envoy(id, program, `http://127.0.0.1:${admin}`, directory);
  }

  /** A counter or gauge of its own; undefined while it has none of this name, or does not answer. */
  async stat(name: string): Promise<number | undefined> {
    const text = await this.#get(`/stats?filter=^${name.replaceAll(".", "\\.")}$`);
    const value = / (\d+)$/.exec(text.trim())?.[1];
    return value === undefined ? undefined : Number(value);
  }

  /** How many updates it refused, by type, of those that it has asked for. */
  async rejected(): Promise<Record<string, number>> {
    const sums: Record<string, number> = {};
    for (const line of (await this.#get("/stats?filter=update_rejected")).trim().split("\n")) {
      const [name = "", count] = line.split(": ");
      const type = /\.(cds|lds|rds)\./.exec(name)?.[1] ?? "eds"; // those of endpoints bear the name of their cluster alone
      sums[type] = (sums[type] ?? 0) + Number(count);
    }
    return sums;
  }

  /** All its configuration, with its endpoints; empty while it does not answer. */
  async config(): Promise<string> {
    return await this.#get("/config_dump?include_eds");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true });
  }

  async #get(path: string): Promise<string> {
    try {
      return await (await fetch(`${this.admin}${path}`)).text();
    } catch {
      return ""; // it does not listen yet
    }
  }
}

function bootstrap(id: string, admin: number, { plane, apiType, metadata, zone = "z" }: EnvoySettings): JsonObject {
  const ads = { resource_api_version: "V3", ads: {} };
  return {
    node: { id, cluster: "shop", locality: { region: "r", zone }, metadata: { portolan: metadata } },
    admin: { address: socket(admin) },
    dynamic_resources: {
      ads_config: {
        api_type: apiType,
        transport_api_version: "V3",
        grpc_services: [{ envoy_grpc: { cluster_name: "plane" } }],
      },
      lds_config: ads,
      cds_config: ads,
    },
    static_resources: { clusters: [planeCluster(Number(plane.split(":")[1]))] },
  };
}

function planeCluster(port: number): JsonObject {
  const options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  const http2 = { explicit_http_config: { http2_protocol_options: {} } };
  return {
    name: "plane",
    type: "STATIC",
    connect_timeout: "1s",
    typed_extension_protocol_options: { [options]: { "@type": `type.googleapis.com/${options}`, ...http2 } },
    load_assignment: {
      cluster_name: "plane",
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socket(port) } }] }],
    },
  };
}

function socket(port: number): JsonObject {
  return { socket_address: { address: "127.0.0.1", port_value: port } };
}
