import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { InvalidArgumentError } from "commander";
import { AdminService } from "../../gen/portolan/admin/v1/admin_pb.js";
import { DiscoveryService } from "../../gen/portolan/discovery/v1/discovery_pb.js";
import { RegistryService } from "../../gen/portolan/registry/v1/registry_pb.js";
import { TelemetryService } from "../../gen/portolan/telemetry/v1/telemetry_pb.js";

/** Where commands look for the control plane unless told otherwise. */
export const DEFAULT_SERVER = "127.0.0.1:7070";

const DEFAULT_PORT = 7070;
const PING_INTERVAL_MS = 20_000;
const PING_TIMEOUT_MS = 10_000;

/** The control plane as a command sees it: one connection, four clients. */
export interface Plane extends Disposable {
  /** "127.0.0.1:7070", as people write it. */
  readonly address: string;
  readonly registry: Client<typeof RegistryService>;
  readonly discovery: Client<typeof DiscoveryService>;
  readonly telemetry: Client<typeof TelemetryService>;
  readonly admin: Client<typeof AdminService>;
}

/** How to reach the control plane. */
export interface PlaneOptions {
  /** See `parseServer`. */
  readonly server: string;
  /** How long a unary call may take, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Prepares the clients; the connection opens with the first call, and again after it broke.
 *
 * Pings find a peer that is gone without a word, within 30 s.
 */
export function openPlane(options: PlaneOptions): Plane {
  const url = parseServer(options.server);
  const manager = new Http2SessionManager(url, { pingIntervalMs: PING_INTERVAL_MS, pingTimeoutMs: PING_TIMEOUT_MS });
  const transport = createGrpcTransport({
    baseUrl: url.origin,
    sessionManager: manager,
    defaultTimeoutMs: options.timeoutMs,
  });
  return {
    address: url.host,
    registry: createClient(RegistryService, transport),
    discovery: createClient(DiscoveryService, transport),
    telemetry: createClient(TelemetryService, transport),
    admin: createClient(AdminService, transport),
    // Connections without calls do not keep the process alive; one that is still being made would, for minutes.
    [Symbol.dispose]() {
      if (manager.state() === "connecting") manager.abort();
    },
  };
}

/**
 * Reads "HOST", "HOST:PORT", "[::1]:7070", "http://HOST:PORT" or "https://HOST:PORT". Without a port it is 7070.
 *
 * @throws InvalidArgumentError (of commander) for anything else.
 */
export function parseServer(text: string): URL {
  const withScheme = text.includes("://") ? text : `http://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  const isAddress = url && /^https?:$/.test(url.protocol) && url.pathname === "/" && url.hostname !== "" && !url.search;
  if (!url || !isAddress) throw new InvalidArgumentError(`"${text}" is not an address: write HOST:PORT.`);
  // URL drops a scheme's own port: whoever wrote it meant it.
  if (url.port === "" && !/:(80|443)$/.test(withScheme)) url.port = String(DEFAULT_PORT);
  return url;
}
