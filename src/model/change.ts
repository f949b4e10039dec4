import type { Entity, EntityKey } from "./entity.js";

/**
 * Why a commit happened; the event log names its events after it.
 *
 * `lease-expired`, `session-expired`, `drained` and `health` are the plane's own doing, the others somebody's request.
 */
export type Cause =
  | "register"
  | "update"
  | "deregister"
  | "drain"
  | "drained"
  /** Somebody ordered a health, or took an order back. */
  | "override"
  /** Probes, callers or time changed a health. */
  | "health"
  | "lease-expired"
  | "session-closed"
  | "session-expired"
  | "service-put"
  | "service-deleted";

/** One entity's step in a commit: created (no before), changed (both) or removed (no after). */
export interface Change {
  readonly key: EntityKey;
  readonly before?: Entity;
  readonly after?: Entity;
}

/** All that one commit changed, at its revision. */
export interface ChangeSet {
  readonly revision: bigint;
  /** Wall clock, milliseconds since the epoch. */
  readonly committedAtMs: number;
  /** Who did it: "session:<id>", "system:lease", an identity's name, or "anonymous". */
  readonly actor: string;
  readonly cause: Cause;
  /** In the order of the commit; a key stands in it once. */
  readonly changes: readonly Change[];
}
