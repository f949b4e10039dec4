import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { pino } from "pino";
import { AdminService } from "../../gen/portolan/admin/v1/admin_pb.js";
import { DiscoveryService } from "../../gen/portolan/discovery/v1/discovery_pb.js";
import { RegistryService } from "../../gen/portolan/registry/v1/registry_pb.js";
import { TelemetryService } from "../../gen/portolan/telemetry/v1/telemetry_pb.js";
import { type App, startApp } from "../../src/app.js";
import { loadConfig } from "../../src/config.js";
import type { Clock } from "../../src/stream/index.js";

/** What a test may set of a plane. */
export interface PlaneOverrides {
  /** "level" keeps its files in a directory of its own, removed at disposal unless `dataDir` names one. */
  readonly store?: "memory" | "level";
  readonly dataDir?: string;
  readonly clock?: Clock;
  /** Any further setting, as a flag: `{"max-message-bytes": "64KiB"}`. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Calls that the test means to leave open, because it looks at what becomes of them. */
  readonly mayLeak?: boolean;
}

/** A whole control plane on free ports, with clients of its gRPC port. */
export interface Plane extends AsyncDisposable {
  readonly app: App;
  /** "127.0.0.1:12345", for gRPC. */
  readonly grpcAddress: string;
  /** "http://127.0.0.1:12345", of the gRPC port. */
  readonly grpcUrl: string;
  /** "http://127.0.0.1:12345", of the HTTP port. */
  readonly httpUrl: string;
  readonly registry: Client<typeof RegistryService>;
  readonly discovery: Client<typeof DiscoveryService>;
  readonly telemetry: Client<typeof TelemetryService>;
  readonly admin: Client<typeof AdminService>;
  /** What was logged, a JSON object a line. */
  readonly logged: readonly string[];
}

/** Starts one. Disposal fails when a call or a watch is still open: whoever opened it forgot it. */
export async function startPlane(overrides: PlaneOverrides = {}): Promise<Plane> {
  const temporary = overrides.dataDir === undefined ? await mkdtemp(join(tmpdir(), "portolan-")) : undefined;
  const logged: string[] = [];
  const config = loadConfig({
    env: {},
    flags: {
      "grpc-address": "127.0.0.1:0",
      "http-address": "127.0.0.1:0",
      store: overrides.store ?? "memory",
      "data-dir": overrides.dataDir ?? join(temporary ?? "", "data"),
      "shutdown-announce": "0s",
      "shutdown-grace": "1s",
      ...overrides.flags,
    },
  });
  const log = pino({ level: "debug" }, { write: (line: string) => void logged.push(line) });
  const app = await startApp(config, { log, ...(overrides.clock && { clock: overrides.clock }) });
  const grpcAddress = `127.0.0.1:${app.grpcAddress.port}`;
  const grpcUrl = `http://${grpcAddress}`;
  const sessionManager = new Http2SessionManager(grpcUrl);
  const transport = createGrpcTransport({ baseUrl: grpcUrl, sessionManager });
  return {
    app,
    grpcAddress,
    grpcUrl,
    httpUrl: `http://127.0.0.1:${app.httpAddress?.port}`,
    registry: createClient(RegistryService, transport),
    discovery: createClient(DiscoveryService, transport),
    telemetry: createClient(TelemetryService, transport),
    admin: createClient(AdminService, transport),
    logged,
    async [Symbol.asyncDispose]() {
      const leaks = overrides.mayLeak ? undefined : await leaksOf(app);
      sessionManager.abort();
      await app.stop();
      if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
      if (leaks !== undefined) throw new Error(leaks);
    },
  };
}

/** What is still open after a moment for endings that are on their way; undefined when nothing is. */
async function leaksOf(app: App): Promise<string | undefined> {
  const calls = () => app.calls.size;
  const watches = () => app.rooms.discovery.counts().watches;
  for (let looks = 0; looks < 100 && calls() + watches() > 0; looks++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  if (calls() + watches() === 0) return undefined;
  return `still open at the end of the test: ${calls()} calls, ${watches()} watches`;
}
