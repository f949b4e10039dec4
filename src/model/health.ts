/**
 * How an instance is, from best to worst as a consumer sees it.
 *
 * `starting` is not yet ready, `draining` finishes what it has and takes no new calls.
 */
export type Health = "serving" | "degraded" | "starting" | "draining" | "not-serving";

/** What one voice says of an instance's health. Immutable. */
export interface Finding {
  readonly health: Health;
  /** Why, for people. */
  readonly reason: string;
}

/** What an operator or a rule ordered. `serving` silences probes and callers; the others are the least that it is. */
export interface Order extends Finding {
  /** Who ordered it. */
  readonly actor: string;
  /** Wall clock, milliseconds since the epoch, at which it ends by itself; absent when it does not. */
  readonly untilMs?: number;
}

/** An instance that changed too often is held at the worse state for a while. */
export interface Hold extends Finding {
  /** Wall clock, milliseconds since the epoch. */
  readonly untilMs: number;
  /** How many holds in a row there were, this one among them. */
  readonly times: number;
}

/** What others than the instance itself say of its health; absent where they say nothing. */
export interface Voices {
  /** What probes found. */
  readonly probed?: Finding;
  /** What its callers saw. */
  readonly observed?: Finding;
  readonly ordered?: Order;
  readonly held?: Hold;
}

/** Health -> how bad it is; the worst of several voices wins. */
const SEVERITY: Readonly<Record<Health, number>> = {
  serving: 0,
  degraded: 1,
  starting: 2,
  draining: 3,
  "not-serving": 4,
};

/** The worst of what several voices say; `serving` when nobody speaks. */
export function worstHealth(...voices: readonly Health[]): Health {
  return voices.reduce<Health>((worst, voice) => (isWorse(voice, worst) ? voice : worst), "serving");
}

/** True when `a` is worse than `b`. */
export function isWorse(a: Health, b: Health): boolean {
  return SEVERITY[a] > SEVERITY[b];
}

/** True for an instance that consumers may send new calls to. */
export function takesCalls(health: Health): boolean {
  return health === "serving" || health === "degraded";
}
