import {
  address,
  addressOrOff,
  addressRanges,
  choice,
  count,
  duration,
  durationOrOff,
  flag,
  type Kind,
  size,
  text,
} from "./kinds.js";

/** One thing that an operator may set. */
export interface Setting<T = unknown> {
  /** As a flag and in the file: "grpc-address"; as a variable: PORTOLAN_GRPC_ADDRESS. */
  readonly name: string;
  readonly kind: Kind<T>;
  /** As an operator would write it. */
  readonly default: string;
  /** One sentence. */
  readonly meaning: string;
}

/** What `portolan serve` is told: every setting with its kind, default and meaning. The docs' table is made of it. */
export const SETTINGS = {
  grpcAddress: setting("grpc-address", address(), "127.0.0.1:7070", "Where gRPC is served."),
  httpAddress: setting(
    "http-address",
    addressOrOff(),
    "127.0.0.1:7080",
    "Where Connect, gRPC-Web, JSON, /healthz and /metrics are served.",
  ),
  insecure: setting("insecure", flag(), "false", "Allows plaintext on addresses that other machines reach."),
  dataDir: setting("data-dir", text("a directory"), "./.portolan", "Where the store and telemetry keep their files."),
  store: setting(
    "store",
    choice("level", "memory"),
    "level",
    "level keeps everything on disk; memory forgets everything at the end.",
  ),
  historyMaxAgeMs: setting(
    "history-max-age",
    duration("1s", "3650d"),
    "1h",
    "Watches can resume within this; older history is compacted.",
  ),
  historyMaxRevisions: setting(
    "history-max-revisions",
    count(1, 1_000_000_000),
    "1000000",
    "History is compacted to this many revisions.",
  ),
  maxPendingCommits: setting(
    "max-pending-commits",
    count(1, 10_000_000),
    "100000",
    "Writes that may wait for the disk; more are refused.",
  ),
  maxPendingBytes: setting(
    "max-pending-bytes",
    size("1MiB", "64GiB"),
    "256MiB",
    "Bytes of the writes that may wait for the disk, together; beyond it more are refused.",
  ),
  telemetryMaxAgeMs: setting(
    "telemetry-max-age",
    duration("1m", "3650d"),
    "24h",
    "Calls, logs and events older than this are dropped.",
  ),
  telemetryMaxBytes: setting(
    "telemetry-max-bytes",
    size("1MiB", "1024TiB"),
    "1GiB",
    "Calls, logs and events together; the oldest are dropped first.",
  ),
  telemetryMaxSeries: setting(
    "telemetry-max-series",
    count(1, 1_000_000),
    "10000",
    "Call series of one window of 10 s; beyond it calls are kept without instance and method.",
  ),
  telemetryMaxReaders: setting(
    "telemetry-max-readers",
    count(1, 100_000),
    "1000",
    "Tails of logs and events, and watches of statuses, open at once.",
  ),
  maxSessions: setting("max-sessions", count(1, 10_000_000), "100000", "Sessions known, attached or within their TTL."),
  maxInstancesPerSession: setting(
    "max-instances-per-session",
    count(1, 1_000_000),
    "10000",
    "Instances that one session may hold.",
  ),
  sessionMaxInFlight: setting(
    "session-max-in-flight",
    count(1, 100_000),
    "1000",
    "Requests of one session that may be under way; more are read later.",
  ),
  watchMaxTargets: setting("watch-max-targets", count(1, 1_000), "1000", "Targets of one Watch."),
  xdsMaxNames: setting(
    "xds-max-names",
    count(1, 1_000_000),
    "10000",
    "Resources that one xDS stream may ask for by name.",
  ),
  xdsLoadReportIntervalMs: setting(
    "xds-load-report-interval",
    duration("1s", "10m"),
    "10s",
    "How often xDS clients report how their calls went.",
  ),
  probeAddresses: setting(
    "probe-addresses",
    addressRanges("auto", "private", "loopback", "any", "none"),
    "auto",
    "Which addresses health checks may reach. auto: private ones, and loopback where gRPC is served there alone.",
  ),
  probeMaxInFlight: setting(
    "probe-max-in-flight",
    count(1, 100_000),
    "1000",
    "Probes under way at once; more wait for their turn.",
  ),
  probeMaxConnections: setting(
    "probe-max-connections",
    count(0, 1_000_000),
    "20000",
    "Connections that probes keep open; beyond it each probe connects anew.",
  ),
  flapMaxChanges: setting(
    "flap-max-changes",
    count(0, 1_000),
    "6",
    "Changes of an instance's health within a minute, beyond which it is held at the worse state; 0 turns holds off.",
  ),
  flapBaseHoldMs: setting(
    "flap-base-hold",
    duration("1s", "1h"),
    "30s",
    "How long the first hold lasts; each one that follows lasts twice as long.",
  ),
  flapMaxHoldMs: setting("flap-max-hold", duration("1s", "24h"), "10m", "The longest hold."),
  expiryGuardMinClients: setting(
    "expiry-guard-min-clients",
    count(1, 1_000_000),
    "10",
    "Nothing expires while so many clients were lost at once, and expiry-guard-max-lost-percent of all.",
  ),
  expiryGuardMaxLostPercent: setting(
    "expiry-guard-max-lost-percent",
    count(0, 100),
    "30",
    "Nothing expires while more than this share of all clients was lost at once; 100 turns the guard off.",
  ),
  expiryGuardMaxPauseMs: setting(
    "expiry-guard-max-pause",
    duration("1s", "24h"),
    "5m",
    "After this what was lost expires all the same.",
  ),
  maxMessageBytes: setting("max-message-bytes", size("64KiB", "64MiB"), "4MiB", "The largest request message."),
  maxMessageParts: setting(
    "max-message-parts",
    count(10_000, 10_000_000),
    "200000",
    "Entries of lists and maps, and messages within it, of one gRPC request of more than 64 KiB.",
  ),
  maxBufferedBytes: setting(
    "max-buffered-bytes",
    size("16MiB", "64GiB"),
    "512MiB",
    "Bytes of requests that are not whole and answers that are not read, together; beyond it the connection with the most is closed.",
  ),
  maxHeaderBytes: setting("max-header-bytes", size("4KiB", "64KiB"), "16KiB", "All headers of one call together."),
  maxConnections: setting("max-connections", count(1, 1_000_000), "50000", "Open connections, on each port."),
  reservedFiles: setting(
    "reserved-files",
    count(0, 1_000_000),
    "128",
    "Open files, of those that the system allows, that connections leave to the store.",
  ),
  maxStreamsPerConnection: setting(
    "max-streams-per-connection",
    count(1, 1_000_000),
    "10000",
    "Calls that one gRPC connection may have open at once.",
  ),
  keepaliveTimeMs: setting(
    "keepalive-time",
    duration("1s", "24h"),
    "20s",
    "How often a connection of gRPC, or of HTTP/2 on the HTTP port, is asked whether it lives.",
  ),
  keepaliveTimeoutMs: setting(
    "keepalive-timeout",
    duration("100ms", "10m"),
    "10s",
    "A connection that does not answer within this is dropped, and its sessions break.",
  ),
  maxConnectionAgeMs: setting(
    "max-connection-age",
    durationOrOff("1s", "24d"),
    "off",
    "gRPC connections older than this are asked to leave, so that clients spread.",
  ),
  maxConnectionAgeGraceMs: setting(
    "max-connection-age-grace",
    duration("0s", "24h"),
    "30s",
    "How long calls may go on on a connection that was asked to leave.",
  ),
  shutdownAnnounceMs: setting(
    "shutdown-announce",
    duration("0s", "5m"),
    "1s",
    "At a stop: how long sessions may take to go elsewhere before their streams end.",
  ),
  shutdownGraceMs: setting(
    "shutdown-grace",
    duration("0s", "10m"),
    "10s",
    "At a stop: how long calls may take to finish before they are cut.",
  ),
  logLevel: setting("log-level", choice("debug", "info", "warn", "error", "silent"), "info", "What is logged."),
  logFormat: setting(
    "log-format",
    choice("auto", "json", "pretty"),
    "auto",
    "auto is pretty on a terminal and JSON elsewhere.",
  ),
} as const satisfies Record<string, Setting>;

/** Every setting with its value; durations in milliseconds, sizes in bytes, off as undefined. */
export type Config = {
  readonly [K in keyof typeof SETTINGS]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never;
};

/** "grpc-address" -> "PORTOLAN_GRPC_ADDRESS". */
export function variableOf(setting: Pick<Setting, "name">): string {
  return `PORTOLAN_${setting.name.replaceAll("-", "_").toUpperCase()}`;
}

/** The table of all settings, as docs/settings.md and the help show it. */
export function settingsTable(): string {
  const rows = Object.values<Setting>(SETTINGS).map(
    (one) => `| \`--${one.name}\` | \`${variableOf(one)}\` | \`${one.default}\` | ${one.kind.range} | ${one.meaning} |`,
  );
  return ["| flag | variable | default | allowed | meaning |", "|---|---|---|---|---|", ...rows].join("\n");
}

function setting<T>(name: string, kind: Kind<T>, byDefault: string, meaning: string): Setting<T> {
  return { name, kind, default: byDefault, meaning };
}
