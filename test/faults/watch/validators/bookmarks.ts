import { groupsOf } from "../record/recording.js";
import type { Validator } from "./finding.js";

/** Bookmarked: after a response with revision r, the stream tells of no change up to r any more. */
export const bookmarks: Validator = (recording) => {
  const faults: string[] = [];
  let marked = 0;
  for (const { revision, reset, services } of groupsOf(recording)) {
    if (reset) marked = 0;
    for (const { put, reset: full } of services.values()) {
      if (full) continue;
      for (const { id, modRevision } of put.values()) {
        if (modRevision <= marked) faults.push(`told ${id} of ${modRevision} after the bookmark ${marked}`);
      }
    }
    marked = revision;
  }
  return faults;
};
