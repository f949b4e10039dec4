import type { Logger } from "pino";
import type { Registry as MetricsRegister } from "prom-client";
import { type Config, isLoopback } from "../config.js";
import { createDiscovery, createDiscoveryMetrics, type StoreDiscovery } from "../discovery/index.js";
import {
  createRegistry,
  createRegistryMetrics,
  type ProbeAddresses,
  type ProbeLimits,
  parseProbeAddresses,
  type Registry,
  type RegistryLimits,
} from "../registry/index.js";
import { assertInstanceFits } from "../rpc/index.js";
import { createStoreMetrics, openLevelStore, openMemoryStore, type Store } from "../store/index.js";
import type { Clock } from "../stream/index.js";
import {
  createTelemetry,
  createTelemetryMetrics,
  levelDatabase,
  memoryDatabase,
  type Telemetry,
} from "../telemetry/index.js";
import { type CatalogueXds, createXds, createXdsMetrics } from "../xds/index.js";
import { openFilesLimit } from "./open-files.js";

/** What every room is given. */
export interface Surroundings {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly register: MetricsRegister;
}

/** The rooms, joined to each other. */
export interface Rooms {
  readonly store: Store;
  readonly registry: Registry;
  readonly discovery: StoreDiscovery;
  readonly telemetry: Telemetry;
  readonly xds: CatalogueXds;
  /** Closes them in the order in which they lean on each other. */
  close(): Promise<void>;
}

/**
 * Opens the store and what stands on it.
 *
 * @throws StoreOpenError when the directory cannot be used.
 */
export async function openRooms(surroundings: Surroundings): Promise<Rooms> {
  const { config, clock, log, register } = surroundings;
  const store = await openStore(surroundings);
  let discovery: StoreDiscovery | undefined;
  const discoveryMetrics = createDiscoveryMetrics(register, () => discovery?.sources());
  discovery = createDiscovery({ store, clock, log, metrics: discoveryMetrics });
  const telemetry = await createTelemetry({
    database: config.store === "memory" ? memoryDatabase() : levelDatabase(config.dataDir),
    store,
    clock,
    log,
    metrics: createTelemetryMetrics(register),
    limits: {
      maxAgeMs: config.telemetryMaxAgeMs,
      maxBytes: config.telemetryMaxBytes,
      maxSeriesPerWindow: config.telemetryMaxSeries,
      maxReaders: config.telemetryMaxReaders,
    },
  });
  const registry = createRegistry({
    store,
    clock,
    log,
    metrics: createRegistryMetrics(register),
    assertFits: assertInstanceFits,
    onSessionEvent: (event) => telemetry.sessionEvent(event),
    onGuardEvent: (event) => telemetry.expiryEvent(event),
    limits: registryLimits(config),
    probeAddresses: probeAddressesOf(config),
  });
  let xds: CatalogueXds | undefined;
  const xdsMetrics = createXdsMetrics(register, () => xds?.resources ?? 0);
  xds = createXds({
    discovery,
    clock,
    log,
    metrics: xdsMetrics,
    onNack: (event) => telemetry.nackEvent(event),
    maxNames: config.xdsMaxNames,
    loadReportIntervalMs: config.xdsLoadReportIntervalMs,
  });
  const open = [xds, registry, telemetry, discovery, store];
  return {
    store,
    registry,
    discovery,
    telemetry,
    xds,
    async close() {
      for (const room of open) await room[Symbol.asyncDispose]();
    },
  };
}

function registryLimits(config: Config): Partial<RegistryLimits> {
  return {
    maxSessions: config.maxSessions,
    maxInstancesPerSession: config.maxInstancesPerSession,
    flaps: {
      maxChangesPerMinute: config.flapMaxChanges,
      baseHoldMs: config.flapBaseHoldMs,
      maxHoldMs: config.flapMaxHoldMs,
    },
    expiryGuard: {
      minClients: config.expiryGuardMinClients,
      maxLostPercent: config.expiryGuardMaxLostPercent,
      maxPauseMs: config.expiryGuardMaxPauseMs,
    },
    probes: probeLimits(config),
  };
}

/** Probes take files too: at most half of those that there are, so that clients have theirs. */
function probeLimits({ probeMaxInFlight, probeMaxConnections, reservedFiles }: Config): ProbeLimits {
  const quarter = Math.max(1, Math.floor(((openFilesLimit() ?? Number.POSITIVE_INFINITY) - reservedFiles) / 4));
  return {
    maxInFlight: Math.min(probeMaxInFlight, quarter),
    maxConnections: Math.min(probeMaxConnections, quarter),
  };
}

/** Where the plane serves loopback alone, its clients are there and so are their instances. */
function probeAddressesOf({ probeAddresses, grpcAddress }: Config): ProbeAddresses {
  const auto = isLoopback(grpcAddress) ? "private,loopback" : "private";
  const addresses = parseProbeAddresses(probeAddresses.replaceAll("auto", auto));
  if (!addresses) throw new TypeError(`unreadable ranges: ${probeAddresses}`); // the setting was checked
  return addresses;
}

function openStore({ config, clock, log, register }: Surroundings): Promise<Store> {
  const options = {
    clock,
    log,
    metrics: createStoreMetrics(register),
    historyMaxAgeMs: config.historyMaxAgeMs,
    historyMaxRevisions: config.historyMaxRevisions,
    maxPendingCommits: config.maxPendingCommits,
    maxPendingBytes: config.maxPendingBytes,
  };
  return config.store === "memory" ? openMemoryStore(options) : openLevelStore({ ...options, dataDir: config.dataDir });
}
