import { groupsOf } from "../record/recording.js";
import type { Validator } from "./finding.js";

/** Ordered: revisions never go back on a stream, nor below the one that it resumes after, and no response tells of what comes after it. */
export const ordered: Validator = (recording) => {
  const faults: string[] = [];
  let last = recording.afterRevision;
  for (const { revision, reset, services } of groupsOf(recording)) {
    if (reset) last = 0;
    if (revision < last) faults.push(`went back from ${last} to ${revision}`);
    if (revision === last && services.size > 0) faults.push(`told changes twice at ${revision}`);
    last = revision;
    for (const { put } of services.values()) {
      for (const { id, modRevision } of put.values()) {
        if (modRevision > revision) faults.push(`told ${id} of ${modRevision} in a response that ends at ${revision}`);
      }
    }
  }
  return faults;
};
