import type { EntityKey } from "../model/index.js";
import type { Head } from "./head.js";
import type { KnownSession } from "./known-session.js";

/** What one commit ends. */
export interface EndingDecision {
  readonly deletes: readonly EntityKey[];
  /** Sessions of which nothing is left after it: to be forgotten by the same commit. */
  readonly ended: readonly KnownSession[];
  /** A session that holds more than the commit may remove: it goes on with the next one. */
  readonly begun?: KnownSession;
}

/**
 * Decides the end of sessions that end together, as many as one commit holds; the others are for the next one.
 *
 * A session that holds more than one commit may remove goes in several, and is forgotten by the last.
 */
export function decideEnding(head: Head, sessions: Iterable<KnownSession>, maxChanges: number): EndingDecision {
  const deletes: EntityKey[] = [];
  const ended: KnownSession[] = [];
  for (const session of sessions) {
    const keys = session.keysAtHead(head);
    const room = maxChanges - deletes.length - ended.length;
    if (keys.length <= room && ended.length < maxChanges) {
      deletes.push(...keys);
      ended.push(session);
    } else if (ended.length === 0) {
      return { deletes: keys.slice(0, maxChanges), ended, begun: session };
    } else {
      break;
    }
  }
  return { deletes, ended };
}
