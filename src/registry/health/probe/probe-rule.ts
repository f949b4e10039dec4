import type { Finding, HealthCheck } from "../../../model/index.js";
import type { Outcome } from "./outcome.js";

/** What probes have found of an instance so far. Immutable. */
export interface ProbeState {
  readonly verdict: "unknown" | "passing" | "failing";
  /** Outcomes in a row that speak against the verdict. */
  readonly against: number;
  /** Whether it ever passed. */
  readonly hasPassed: boolean;
  /** What consumers are told; set while it fails. It is the same object for as long as it fails. */
  readonly finding: Finding | undefined;
}

/** Of an instance that was never probed. */
export const UNKNOWN: ProbeState = { verdict: "unknown", against: 0, hasPassed: false, finding: undefined };

const DEFAULT_UNHEALTHY_THRESHOLD = 3;
const DEFAULT_HEALTHY_THRESHOLD = 2;

/** The state that a stored finding stands for, as after a restart. */
export function stateOf(stored: Finding | undefined): ProbeState {
  if (stored?.health !== "not-serving") return UNKNOWN;
  return { verdict: "failing", against: 0, hasPassed: true, finding: stored };
}

/**
 * The state after one more outcome.
 *
 * While nothing is known the first outcome decides. Afterwards it takes a run of outcomes to change the verdict; but who failed from the
 * very first probe on comes back with his first success: servers often register a moment before they listen.
 */
export function afterProbe(
  state: ProbeState,
  outcome: Outcome,
  check: Pick<HealthCheck, "unhealthyThreshold" | "healthyThreshold">,
): ProbeState {
  if (outcome.kind === "void") return state;
  return outcome.kind === "passed"
    ? afterSuccess(state, check.healthyThreshold)
    : afterFailure(state, outcome.reason, check);
}

function afterSuccess(state: ProbeState, healthyThreshold: number): ProbeState {
  const needed = state.verdict === "failing" && state.hasPassed ? healthyThreshold || DEFAULT_HEALTHY_THRESHOLD : 1;
  if (state.verdict === "failing" && state.against + 1 < needed) return { ...state, against: state.against + 1 };
  return { verdict: "passing", against: 0, hasPassed: true, finding: undefined };
}

function afterFailure(
  state: ProbeState,
  reason: string,
  { unhealthyThreshold }: Pick<HealthCheck, "unhealthyThreshold">,
): ProbeState {
  if (state.verdict === "failing") return state.against === 0 ? state : { ...state, against: 0 };
  const failures = state.against + 1;
  const needed = state.verdict === "unknown" ? 1 : unhealthyThreshold || DEFAULT_UNHEALTHY_THRESHOLD;
  if (failures < needed) return { ...state, against: failures };
  const times = failures === 1 ? "" : ` ${failures} times`;
  const finding: Finding = { health: "not-serving", reason: `probe failed${times}: ${reason}` };
  return { verdict: "failing", against: 0, hasPassed: state.hasPassed, finding };
}
