import type { Instance, Service } from "../../model/index.js";
import { takesCalls } from "../../model/index.js";

/** In how many steps a weight grows: as many commits, so that every watcher sees each. */
const STEPS = 10;

/** The first share of its weight that an instance has, in percent. */
export const FIRST_PERCENT = 100 / STEPS;

/** How long each step lasts in a service, in milliseconds; undefined where weights do not grow. */
export function stepMs(service: Pick<Service, "slowStartMs"> | undefined): number | undefined {
  const { slowStartMs = 0 } = service ?? {};
  return slowStartMs > 0 ? slowStartMs / STEPS : undefined;
}

/**
 * The share that an instance has after a change that makes it serve, or not: it begins anew with each time that it begins to
 * take calls, and ends when it takes none. Undefined when it has its whole weight.
 */
export function slowStartOf(
  before: Instance | undefined,
  takesCallsNow: boolean,
  service: Pick<Service, "slowStartMs"> | undefined,
): number | undefined {
  if (!takesCallsNow || stepMs(service) === undefined) return undefined;
  if (before && takesCalls(before.health)) return before.slowStartPercent;
  return FIRST_PERCENT;
}

/** The share after the next step; undefined once it has all. */
export function nextShare(percent: number): number | undefined {
  const next = percent + FIRST_PERCENT;
  return next >= 100 ? undefined : next;
}
