import type { Finding } from "../../../model/index.js";

/** An instance that is out. */
export interface Ejection {
  readonly finding: Finding;
  /** Monotonic time at which it comes back. */
  readonly untilMs: number;
}

/** What is known of an instance whose calls were reported. */
export interface WatchedInstance {
  /** Failures without a success between them. */
  run: number;
  /** Since the interval began. */
  calls: number;
  failures: number;
  ejection: Ejection | undefined;
  /** How often it was put out lately: the next time lasts so many times longer. */
  times: number;
}

/** A service whose instances were reported about. */
export interface WatchedService {
  readonly instances: Map<string, WatchedInstance>;
}

/** Of an instance that is heard of for the first time. */
export function newcomer(): WatchedInstance {
  return { run: 0, calls: 0, failures: 0, ejection: undefined, times: 0 };
}

/** True for one that is worth remembering. */
export function isRemarkable({ run, calls, ejection, times }: WatchedInstance): boolean {
  return run > 0 || calls > 0 || ejection !== undefined || times > 0;
}
