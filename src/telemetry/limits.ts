/** What bounds telemetry. Every value is a setting. */
export interface TelemetryLimits {
  /** How long records are kept, in milliseconds. Default 24 h. */
  readonly maxAgeMs: number;
  /** How much is kept of calls, logs and events together, in bytes before compression. Default 1 GiB. */
  readonly maxBytes: number;
  /** The most call series of one window of 10 s; beyond it calls are kept without instance and method. Default 10,000. */
  readonly maxSeriesPerWindow: number;
  /** The most points of one answer, all series together. Default 50,000. */
  readonly maxPoints: number;
  /** Log records that wait to be written, in bytes. Default 8 MiB. */
  readonly maxPendingLogBytes: number;
  /** Records that one page of a query looks at, before it answers with a token to go on. Default 100,000. */
  readonly maxScanned: number;
  /** Log records that wait for one tail; older ones are dropped and counted as missed. Default 1,000. */
  readonly maxTailPending: number;
  /** Tails and status watches open at once. Default 1,000. */
  readonly maxReaders: number;
  /** Changes whose events wait to be recorded, before the event log falls back to the store's history. Default 20,000. */
  readonly maxPendingChanges: number;
  /** Newest events held in memory for tails; a reader that is further behind reads the database. Default 20,000. */
  readonly maxRecentEvents: number;
  /** How often status watches look at call figures anew, in milliseconds. Default 3,000. */
  readonly statusRefreshMs: number;
  /** How long records wait to be written together, in milliseconds; events only while nobody reads them. Default 200. */
  readonly flushMs: number;
  /** How soon after a write it is synced to the disk, in milliseconds: what a power failure may take. Default 800. */
  readonly syncMs: number;
  /** How often retention looks, in milliseconds. Default 5,000. */
  readonly retentionIntervalMs: number;
}

/** The limits of a plane that says nothing else. */
export const DEFAULT_LIMITS: TelemetryLimits = {
  maxAgeMs: 24 * 3_600_000,
  maxBytes: 2 ** 30,
  maxSeriesPerWindow: 10_000,
  maxPoints: 50_000,
  maxPendingLogBytes: 8 * 2 ** 20,
  maxScanned: 100_000,
  maxTailPending: 1_000,
  maxReaders: 1_000,
  maxPendingChanges: 20_000,
  maxRecentEvents: 20_000,
  statusRefreshMs: 3_000,
  flushMs: 200,
  syncMs: 800,
  retentionIntervalMs: 5_000,
};
