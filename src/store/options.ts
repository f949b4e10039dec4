import type { Logger } from "pino";
import type { Clock } from "../stream/index.js";
import type { StoreMetrics } from "./metrics.js";

/** How much a store keeps and how much may wait in it. */
export interface StoreLimits {
  /** History older than this is forgotten, in milliseconds. Default 3,600,000 (1 h). */
  readonly historyMaxAgeMs?: number;
  /** History keeps at most this many revisions. Default 1,000,000; 100,000 in memory. */
  readonly historyMaxRevisions?: number;
  /** How often the retention is applied, in milliseconds. Default 10,000. */
  readonly compactionIntervalMs?: number;
  /** Commits that may wait for the disk; more are refused with LIMIT_EXCEEDED. Default 100,000. */
  readonly maxPendingCommits?: number;
  /** Encoded bytes that may wait for the disk; more are refused with LIMIT_EXCEEDED. Default 268,435,456 (256 MiB). */
  readonly maxPendingBytes?: number;
}

/** What every store needs of its surroundings. */
export interface StoreOptions extends StoreLimits {
  readonly clock: Clock;
  readonly log: Logger;
  /** From `createStoreMetrics`. */
  readonly metrics: StoreMetrics;
}

/** The limits with their defaults filled in. */
export function resolveLimits(limits: StoreLimits): Required<StoreLimits> {
  return {
    historyMaxAgeMs: limits.historyMaxAgeMs ?? 3_600_000,
    historyMaxRevisions: limits.historyMaxRevisions ?? 1_000_000,
    compactionIntervalMs: limits.compactionIntervalMs ?? 10_000,
    maxPendingCommits: limits.maxPendingCommits ?? 100_000,
    maxPendingBytes: limits.maxPendingBytes ?? 256 * 1024 * 1024,
  };
}
