/**
 * How an instance is, from best to worst as a consumer sees it.
 *
 * `starting` is not yet ready, `draining` finishes what it has and takes no new calls.
 */
export type Health = "serving" | "degraded" | "starting" | "draining" | "not-serving";

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
  return voices.reduce<Health>((worst, voice) => (SEVERITY[voice] > SEVERITY[worst] ? voice : worst), "serving");
}

/** True for an instance that consumers may send new calls to. */
export function takesCalls(health: Health): boolean {
  return health === "serving" || health === "degraded";
}
