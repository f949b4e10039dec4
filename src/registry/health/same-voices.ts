import type { Finding, Voices } from "../../model/index.js";

/** All that a voice may have. */
interface Voice extends Finding {
  readonly actor?: string;
  readonly untilMs?: number;
  readonly times?: number;
}

/** True when everybody says the same, in the same words. */
export function sameVoices(a: Voices | undefined, b: Voices | undefined): boolean {
  return (
    a === b ||
    (sameVoice(a?.probed, b?.probed) &&
      sameVoice(a?.observed, b?.observed) &&
      sameVoice(a?.ordered, b?.ordered) &&
      sameVoice(a?.held, b?.held))
  );
}

function sameVoice(a: Voice | undefined, b: Voice | undefined): boolean {
  if (!a || !b) return a === b;
  return (
    a.health === b.health &&
    a.reason === b.reason &&
    a.actor === b.actor &&
    a.untilMs === b.untilMs &&
    a.times === b.times
  );
}
