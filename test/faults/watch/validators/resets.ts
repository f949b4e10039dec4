import { type Group, groupsOf, type Recording } from "../record/recording.js";
import type { Background, Validator } from "./finding.js";

/**
 * Resets: the first response has `reset` when the stream starts from nothing, from a revision that was never reached, or from
 * history that is gone; no other response ever has it. Once under way, full sets come only where history went.
 */
export const resets: Validator = (recording, background) => {
  const groups = groupsOf(recording);
  const [first, ...others] = groups;
  const faults = first ? startFaults(first, recording, background) : [];
  let before = first?.revision ?? 0;
  for (const group of others) {
    if (group.reset) faults.push(`reset at ${group.revision}, in the middle of the stream`);
    const full = [...group.services.values()].some((service) => service.reset);
    if (full && !mayBeGone(before, group, background)) {
      faults.push(`full sets at ${group.revision}, although history after ${before} is there`);
    }
    before = group.revision;
  }
  return faults;
};

function startFaults(first: Group, recording: Recording, background: Background): string[] {
  const { afterRevision, knownRevision, openedMs } = recording;
  const gone = background.compactions.some((one) => one.answeredMs < openedMs && one.revision > afterRevision);
  if (first.reset) {
    // A client can be told less than the store has reached, so only what is beyond all that ever was is surely no reason.
    const never = afterRevision > knownRevision;
    if (afterRevision === 0 || never || mayBeGone(afterRevision, first, background)) return [];
    return [`reset, although history after ${afterRevision} is there`];
  }
  if (afterRevision === 0) return ["no reset at a start from nothing"];
  if (afterRevision > background.truth.last) return [`no reset after ${afterRevision}, which was never reached`];
  return gone ? [`no reset, although history after ${afterRevision} was gone`] : [];
}

/** True when history after a revision may have been compacted when the group came. */
function mayBeGone(after: number, group: Group, { compactions, historyMaxRevisions }: Background): boolean {
  if (group.revision - historyMaxRevisions > after) return true;
  return compactions.some(({ askedMs, revision }) => askedMs <= group.arrivedMs && revision > after);
}
