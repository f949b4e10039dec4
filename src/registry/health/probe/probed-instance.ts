import type { Finding } from "../../../model/index.js";
import type { ProbeClient } from "./probe-client.js";
import type { ProbeState } from "./probe-rule.js";
import type { ProbeTarget } from "./target.js";

/** An instance that is probed, with what is known of it. */
export interface ProbedInstance {
  readonly target: ProbeTarget;
  state: ProbeState;
  /** Why it cannot be probed; what it says then. */
  barred: Finding | undefined;
  /** Monotonic time at which its next probe is due. */
  dueMs: number;
  /** Probes of one that has never passed. */
  attempts: number;
  /** Gives the probe up that is under way. */
  giveUp: (() => void) | undefined;
  /** Kept between probes, with the address that it was made for. */
  client: { readonly address: string; readonly probe: ProbeClient } | undefined;
}

/** How often one that was never seen well is probed sooner than its interval asks for. */
const EAGER_ATTEMPTS = 10;
const EAGER_INTERVAL_MS = 1_000;
/** Up to so much of an interval a probe comes earlier or later, so that those that began together spread. */
const JITTER = 0.1;
/** After a probe that says nothing. */
const AGAIN_MS = 100;

/** When the next probe is due, in the instance's own rhythm; what was missed is not made up for. */
export function nextDueMs(
  instance: ProbedInstance,
  how: { readonly void: boolean; readonly nowMs: number; readonly random: number },
): number {
  const { state, attempts, target, dueMs } = instance;
  if (how.void) return how.nowMs + AGAIN_MS;
  const isEager = !state.hasPassed && attempts < EAGER_ATTEMPTS;
  const intervalMs = isEager ? Math.min(EAGER_INTERVAL_MS, target.check.intervalMs) : target.check.intervalMs;
  return Math.max(how.nowMs, dueMs + intervalMs * (1 + JITTER * (2 * how.random - 1)));
}
