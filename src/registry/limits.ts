import type { ExpiryGuardLimits } from "./expiry/guard-rule.js";
import type { FlapLimits } from "./health/index.js";
import type { ProbeLimits } from "./health/probe/prober.js";

/** What the registry bounds. */
export interface RegistryLimits {
  /** Sessions known, attached or within their TTL. Default 100,000. */
  readonly maxSessions: number;
  /** Instances that one session holds. Default 10,000. */
  readonly maxInstancesPerSession: number;
  /** Instances taken from one session that are remembered; the oldest is forgotten first. Default 10,000. */
  readonly maxFencedPerSession: number;
  /** Removals in one of the plane's own commits (leases, sessions, drains that end). Default 10,000. */
  readonly maxCommitChanges: number;
  /** When an instance flaps. Default: 6 changes of health within a minute hold it for 30 s, then 1 min, up to 10 min. */
  readonly flaps: FlapLimits;
  /** Probes under way and connections kept. Default 1,000 and 20,000. */
  readonly probes: ProbeLimits;
  /** When so many clients are lost at once that nothing expires for a while. Default: 10 and more than 30 %, for 5 min. */
  readonly expiryGuard: ExpiryGuardLimits;
}

/** The bounds that hold unless others are given. */
export const DEFAULT_LIMITS: RegistryLimits = {
  maxSessions: 100_000,
  maxInstancesPerSession: 10_000,
  maxFencedPerSession: 10_000,
  maxCommitChanges: 10_000,
  flaps: { maxChangesPerMinute: 6, baseHoldMs: 30_000, maxHoldMs: 600_000 },
  probes: { maxInFlight: 1_000, maxConnections: 20_000 },
  expiryGuard: { minClients: 10, maxLostPercent: 30, maxPauseMs: 300_000 },
};
