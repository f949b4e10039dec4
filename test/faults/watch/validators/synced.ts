import type { Validator } from "./finding.js";

/** Synced: once a stream, on a response with a revision, and every stream that stays open gets there. */
export const synced: Validator = ({ responses, live }) => {
  const faults: string[] = [];
  let before = false;
  for (const { synced: now, revision } of responses) {
    if (now && before) faults.push("synced came twice");
    if (now && revision === 0) faults.push("synced came on a piece");
    if (!now && revision > 0 && !before) faults.push(`revision ${revision} came before synced`);
    before ||= now;
  }
  if (live && responses.length === 0) faults.push("the first message never came");
  else if (live && !before) faults.push("synced never came");
  return faults;
};
