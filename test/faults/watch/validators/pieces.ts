import type { Validator } from "./finding.js";

/** Pieces: only the first has `reset`, only the last a revision, `synced`, `merged` and a time; none is larger than clients take. */
export const pieces: Validator = ({ responses }) => {
  const faults: string[] = [];
  let within = false;
  for (const { revision, reset, synced, merged, committedAtMs } of responses) {
    if (within && reset) faults.push("reset in the middle of pieces");
    const piece = revision === 0 && !synced;
    if (piece && (merged > 0 || committedAtMs > 0)) faults.push("a piece says what belongs to the end");
    within = piece;
  }
  return faults;
};
