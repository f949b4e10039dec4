import { DomainError, type LimitName } from "../model/index.js";

/** How long a caller should wait after STORE_UNAVAILABLE, and how often recovery is tried, in milliseconds. */
export const RETRY_AFTER_MS = 1_000;

/** STORE_UNAVAILABLE: it cannot write now. */
export function unavailable(cause?: unknown): DomainError {
  return new DomainError({ reason: "STORE_UNAVAILABLE", retryAfterMs: RETRY_AFTER_MS }, { cause });
}

/** SHUTTING_DOWN: it is closed. */
export function shuttingDown(): DomainError {
  return new DomainError({ reason: "SHUTTING_DOWN", retryAfterMs: RETRY_AFTER_MS });
}

/** LIMIT_EXCEEDED: too much waits for the disk. */
export function limitExceeded(limit: LimitName, max: number): DomainError {
  return new DomainError({ reason: "LIMIT_EXCEEDED", limit, max, retryAfterMs: RETRY_AFTER_MS / 10 });
}

/** REVISION_OUT_OF_RANGE with the range that can be read. */
export function outOfRange(requested: bigint, oldest: bigint, current: bigint): DomainError {
  return new DomainError({ reason: "REVISION_OUT_OF_RANGE", requested, oldest, current });
}
