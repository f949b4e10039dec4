import type { ServiceRef } from "../model/index.js";
import type { Clock } from "../stream/index.js";
import type { RejectReason, TelemetryMetrics } from "./metrics.js";
import type { Roster } from "./roster.js";

/** How far in the future a record may be, in milliseconds: clocks differ. */
export const MAX_FUTURE_MS = 300_000;

/** Options of the intake. */
export interface IntakeOptions {
  readonly roster: Roster;
  readonly clock: Clock;
  readonly metrics: TelemetryMetrics;
  readonly maxAgeMs: number;
}

/** Decides what is taken in: only of services that exist, neither older than the retention nor far in the future. */
export class IntakeRule {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Why a record is refused, which is then counted; undefined when it is taken in. */
  refuses(kind: "calls" | "logs", service: ServiceRef, timeMs: number): RejectReason | undefined {
    const reason = this.#reason(service, timeMs);
    if (reason) this.#options.metrics.rejected(kind, reason, 1);
    return reason;
  }

  #reason(service: ServiceRef, timeMs: number): RejectReason | undefined {
    const nowMs = this.#options.clock.wallMs();
    if (timeMs > nowMs + MAX_FUTURE_MS) return "in_future";
    if (timeMs < nowMs - this.#options.maxAgeMs) return "too_old";
    return this.#options.roster.has(service) ? undefined : "unknown_service";
  }
}
