import { groupsOf } from "../record/recording.js";
import { difference, servicesOf } from "./expectation.js";
import type { Validator } from "./finding.js";

/** Merged: the count of what was left out is what was left out; where that depends on when the reader asked, it is between the two. */
export const merged: Validator = (recording, { truth }) => {
  if (recording.watching.services) return []; // they say nothing of it
  const faults: string[] = [];
  let before = recording.afterRevision;
  for (const { revision, reset, services, merged: told } of groupsOf(recording)) {
    const full = reset || [...services.values()].some((service) => service.reset);
    let [least, most] = [0, 0];
    for (const [target, watched] of full ? [] : recording.watching.targets.entries()) {
      for (const service of servicesOf(truth, watched)) {
        const change = difference(truth, recording, { target, service, after: before, through: revision });
        least += change?.merged.least ?? 0;
        most += change?.merged.most ?? 0;
      }
    }
    if (told < least || told > most) faults.push(`${before} to ${revision}: ${told} merged, not ${least} to ${most}`);
    before = revision;
  }
  return faults;
};
