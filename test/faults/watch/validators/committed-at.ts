import { groupsOf } from "../record/recording.js";
import { difference, servicesOf } from "./expectation.js";
import type { Validator } from "./finding.js";

/** Committed at: a response with changes says when the newest commit that concerns it was made; others say nothing. */
export const committedAt: Validator = (recording, { truth }) => {
  if (recording.watching.services) return []; // they say nothing of it
  const faults: string[] = [];
  let before = recording.afterRevision;
  for (const { revision, reset, services, committedAtMs } of groupsOf(recording)) {
    const changes = !reset && services.size > 0 && ![...services.values()].some((service) => service.reset);
    let newest = 0;
    for (const [target, watched] of changes ? recording.watching.targets.entries() : []) {
      for (const service of servicesOf(truth, watched)) {
        const change = difference(truth, recording, { target, service, after: before, through: revision });
        newest = Math.max(newest, change?.newest ?? 0);
      }
    }
    const expected = newest > 0 ? truth.committedAtMs(newest) : 0;
    if (expected !== undefined && expected !== committedAtMs) {
      faults.push(`${before} to ${revision}: committed at ${committedAtMs}, and ${newest} was at ${expected}`);
    }
    before = revision;
  }
  return faults;
};
