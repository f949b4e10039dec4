import type { Instance } from "../model/index.js";
import type { SessionWrite } from "../store/index.js";
import { holdingSession, type KnownSession } from "./known-session.js";

/** Fences that come with a commit. */
export interface Fences {
  /** The records of the fenced sessions, to be stored by that commit. */
  readonly records: readonly SessionWrite[];
  /** Takes the fences back when the commit failed; right only in the first reaction to that. */
  readonly undo: () => void;
}

/**
 * Fences every session against the instances that another holder takes from it, from this moment on.
 *
 * @param sessions id -> session.
 * @param taken the instances as their sessions held them.
 * @param max how many a session remembers.
 */
export function fence(sessions: ReadonlyMap<string, KnownSession>, taken: readonly Instance[], max: number): Fences {
  const fenced = new Set<KnownSession>();
  const undos: (() => void)[] = [];
  for (const instance of taken) {
    const session = sessions.get(holdingSession(instance) ?? "");
    if (!session) continue;
    session.fence(instance, max);
    fenced.add(session);
    undos.push(() => session.unfence(instance));
  }
  return {
    records: [...fenced].map((session) => ({ put: session.record() })),
    undo: () => {
      for (const undo of undos) undo();
    },
  };
}
