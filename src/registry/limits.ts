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
}

/** The bounds that hold unless others are given. */
export const DEFAULT_LIMITS: RegistryLimits = {
  maxSessions: 100_000,
  maxInstancesPerSession: 10_000,
  maxFencedPerSession: 10_000,
  maxCommitChanges: 10_000,
};
