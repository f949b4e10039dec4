import type { Finding } from "../../../model/index.js";
import type { Barred } from "./attempt.js";
import type { Outcome } from "./outcome.js";
import type { ProbeClient } from "./probe-client.js";
import { afterProbe, type ProbeState, stateOf, UNKNOWN } from "./probe-rule.js";
import type { ProbeTarget } from "./target.js";

/** An instance that is probed, with what is known of it. */
export interface ProbedInstance {
  readonly target: ProbeTarget;
  state: ProbeState;
  /** Why it cannot be probed; what it says then. */
  barred: Finding | undefined;
  /** Monotonic time at which its next probe is due. */
  dueMs: number;
  /** Probes that were answered in any way. */
  attempts: number;
  /** Gives the probe up that is under way. */
  giveUp: (() => void) | undefined;
  /** Kept between probes, with the address that it was made for. */
  client: { readonly address: string; readonly probe: ProbeClient } | undefined;
}

/** One that was not probed yet. @param stored what was said of it before; that stands until more is known. */
export function toBeProbed(target: ProbeTarget, stored: Finding | undefined, dueMs: number): ProbedInstance {
  return {
    target,
    state: stateOf(stored),
    barred: stored?.health === "serving" ? stored : undefined,
    dueMs,
    attempts: 0,
    giveUp: undefined,
    client: undefined,
  };
}

/** What is said of it now: undefined when there is nothing against it. The same object for as long as that stands. */
export function findingOf({ barred, state }: ProbedInstance): Finding | undefined {
  return barred ?? state.finding;
}

/** True when both say the same, or nothing. */
export function sameFinding(a: Finding | undefined, b: Finding | undefined): boolean {
  return a?.health === b?.health && a?.reason === b?.reason;
}

/** Takes in what came of a probe. */
export function learn(instance: ProbedInstance, came: Outcome | Barred): void {
  if (came.kind === "void") return;
  if (came.kind === "barred") {
    if (instance.barred?.reason !== came.reason) instance.barred = { health: "serving", reason: came.reason };
    instance.state = UNKNOWN;
    return;
  }
  instance.barred = undefined;
  instance.attempts++;
  instance.state = afterProbe(instance.state, came, instance.target.check);
}

/** How often one that was never seen well is probed sooner than its interval asks for. */
const EAGER_ATTEMPTS = 10;
const EAGER_INTERVAL_MS = 1_000;
/** Up to so much of an interval a probe comes earlier or later, so that those that began together spread. */
const JITTER = 0.1;
/** After a pause of our own. */
const AGAIN_MS = 100;

/** When the next probe is due, in the instance's own rhythm; what was missed is not made up for. */
export function nextDueMs(
  { state, attempts, target, dueMs }: ProbedInstance,
  came: Outcome | Barred,
  { nowMs, random }: { readonly nowMs: number; readonly random: number },
): number {
  if (came.kind === "void" && came.lack === undefined) return nowMs + AGAIN_MS;
  const isEager = came.kind === "failed" && !state.hasPassed && attempts < EAGER_ATTEMPTS;
  const intervalMs = isEager ? Math.min(EAGER_INTERVAL_MS, target.check.intervalMs) : target.check.intervalMs;
  return Math.max(nowMs, dueMs + intervalMs * (1 + JITTER * (2 * random - 1)));
}
