import type { Finding } from "../../../model/index.js";
import type { Tally } from "./compare.js";

/** What is known of an instance whose calls were reported. */
export interface WatchedInstance {
  /** Failures without a success between them. */
  run: number;
  /** Since the interval began. */
  calls: number;
  failures: number;
  /** Set while it is out. */
  ejection: Finding | undefined;
  /** True when it was out at some time since the interval began. */
  wasOut: boolean;
  /** How often it was put out lately: the next time lasts so many times longer. */
  times: number;
}

/** A service whose instances were reported about. */
export interface WatchedService {
  readonly instances: Map<string, WatchedInstance>;
}

/** Of an instance that is heard of for the first time. */
export function newcomer(): WatchedInstance {
  return { run: 0, calls: 0, failures: 0, ejection: undefined, wasOut: false, times: 0 };
}

/** What is compared at the end of an interval: one that is out is no measure for the others. */
export function talliesOf({ instances }: WatchedService): Tally[] {
  const tallies: Tally[] = [];
  for (const [id, { calls, failures, ejection }] of instances) if (!ejection) tallies.push({ id, calls, failures });
  return tallies;
}

/** Begins anew; what was not out for the whole interval is out for less the next time. */
export function endInterval(known: WatchedInstance): void {
  known.calls = 0;
  known.failures = 0;
  if (!known.wasOut) known.times = Math.max(0, known.times - 1);
  known.wasOut = known.ejection !== undefined;
}

/** True for one that is worth remembering. */
export function isRemarkable({ run, calls, ejection, times }: WatchedInstance): boolean {
  return run > 0 || calls > 0 || ejection !== undefined || times > 0;
}

/** True for one that the end of an interval may change though nobody reports about it. */
export function isMoving({ calls, ejection, times }: WatchedInstance): boolean {
  return calls > 0 || ejection !== undefined || times > 0;
}
