import type { Logger } from "pino";
import { monitorStore } from "./app/health-monitor.js";
import { openRooms, type Rooms } from "./app/rooms.js";
import { openServers, type Servers } from "./app/servers.js";
import { createServices } from "./app/services.js";
import { stopGracefully } from "./app/stop.js";
import { readVersion } from "./app/version.js";
import type { Config, ListenAddress } from "./config.js";
import { formatAddress } from "./model/index.js";
import { createLogger, createMetrics, Health } from "./observe/index.js";
import { CallBook, createRpcMetrics } from "./rpc/index.js";
import { type Clock, systemClock } from "./stream/index.js";

/** What the surroundings decide, and what a test puts in the place of the real thing. */
export interface AppOverrides {
  readonly clock?: Clock;
  readonly log?: Logger;
  /** True when the log goes to a terminal; default false. */
  readonly isTTY?: boolean;
}

/** A running control plane: starting -> serving -> stopping -> stopped. */
export interface App extends AsyncDisposable {
  /** Where gRPC is really bound: port 0 was replaced. */
  readonly grpcAddress: ListenAddress;
  /** Undefined when the HTTP port is off. */
  readonly httpAddress: ListenAddress | undefined;
  readonly rooms: Rooms;
  /** The calls that go on now. */
  readonly calls: CallBook;
  readonly health: Health;
  readonly log: Logger;
  /** Stops gracefully; the same promise for whoever asks again. */
  stop(): Promise<void>;
}

/**
 * Starts everything: rooms, services, servers, in this order. The one place where they are put together.
 *
 * @throws StoreOpenError when the store cannot be opened, ListenError when an address cannot be bound; nothing is left open.
 */
export async function startApp(config: Config, overrides: AppOverrides = {}): Promise<App> {
  const clock = overrides.clock ?? systemClock;
  const log = overrides.log ?? createLogger({ level: config.logLevel, format: logFormat(config, overrides.isTTY) });
  const version = readVersion();
  const metrics = createMetrics({ version });
  const health = new Health();
  const calls = new CallBook();
  const rooms = await openRooms({ config, clock, log, register: metrics.register });
  const stopMonitor = monitorStore({ store: rooms.store, health, clock });
  const release = async () => {
    stopMonitor();
    metrics[Symbol.dispose]();
    await rooms.close();
  };
  let servers: Servers;
  let grpcAddress: ListenAddress | undefined;
  try {
    const rpc = createRpcMetrics(metrics.register);
    const address = () => (grpcAddress ? formatAddress(grpcAddress.host, grpcAddress.port) : "");
    const services = createServices({ config, rooms, clock, log, metrics: rpc, version, address });
    const { register } = metrics;
    servers = await openServers({ config, services, calls, health, clock, log, rooms, register, metrics: rpc });
  } catch (error) {
    await release();
    throw error;
  }
  health.setState("serving");
  const { httpAddress } = servers;
  grpcAddress = servers.grpcAddress;
  log.info(
    {
      version,
      grpc: formatAddress(grpcAddress.host, grpcAddress.port),
      http: httpAddress && formatAddress(httpAddress.host, httpAddress.port),
    },
    "serving",
  );
  rooms.discovery.recallHistory();

  let stopping: Promise<void> | undefined;
  const stopOnce = async () => {
    await stopGracefully({ config, rooms, calls, health, servers, clock, log });
    await release();
  };
  const stop = () => {
    stopping ??= stopOnce();
    return stopping;
  };
  return { grpcAddress, httpAddress, rooms, calls, health, log, stop, [Symbol.asyncDispose]: stop };
}

function logFormat(config: Config, isTTY = false): "json" | "pretty" {
  if (config.logFormat !== "auto") return config.logFormat;
  return isTTY ? "pretty" : "json";
}
