import { groupsOf } from "../record/recording.js";
import type { Validator } from "./finding.js";

/** Atomic: all that one commit changed is in one response, or in the pieces that one response completes. */
export const atomic: Validator = (recording) => {
  const faults: string[] = [];
  let before = recording.afterRevision;
  for (const { revision, reset, services } of groupsOf(recording)) {
    for (const { put, reset: full } of services.values()) {
      if (reset || full) continue;
      for (const { id, modRevision } of put.values()) {
        // What stands from an earlier commit was due in an earlier response.
        if (modRevision <= before) faults.push(`${id} of ${modRevision} came apart from what ${before} told`);
      }
    }
    before = revision;
  }
  return faults;
};
