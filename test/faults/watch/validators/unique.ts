import type { Recording } from "../record/recording.js";
import type { Validator } from "./finding.js";

/** Unique: no change is told twice, also not after a resume; nothing is removed that is not held, nothing is in one group twice. */
export const unique: Validator = (recording) => {
  const faults: string[] = [];
  /** "target namespace/service" -> id -> revision told last; -1 once it was removed. */
  const told = new Map<string, Map<string, number>>();
  for (const { updates, reset } of recording.responses) {
    if (reset) told.clear();
    for (const { target, namespace, service, reset: fresh, put, removed } of updates) {
      const key = `${target} ${namespace}/${service}`;
      if (fresh || !told.has(key)) told.set(key, new Map());
      const known = told.get(key) ?? new Map<string, number>();
      for (const { id, modRevision } of put) {
        if ((known.get(id) ?? floorOf(recording, fresh)) >= modRevision)
          faults.push(`told ${key}/${id} of ${modRevision} twice`);
        known.set(id, modRevision);
      }
      for (const id of removed) {
        if (known.get(id) === GONE) faults.push(`removed ${key}/${id} twice`);
        known.set(id, GONE);
      }
    }
  }
  return faults;
};

const GONE = -1;

/** What a reader who resumes has heard of already; a full set may tell it again. */
function floorOf({ afterRevision, responses }: Recording, fresh: boolean): number {
  return fresh || responses[0]?.reset ? GONE : afterRevision;
}
