import { encodeSession } from "../codec/session-codec.js";
import type { JournalEntry } from "../journal.js";
import type { SessionWrite } from "../store.js";
import { deleting, putting, type Write } from "./disk.js";
import { sessionRecordKey } from "./keys.js";

/** A session's write as the disk takes it. */
export function sessionWrite(write: SessionWrite): Write {
  if ("put" in write) return putting(sessionRecordKey(write.put.id), encodeSession(write.put));
  return deleting(sessionRecordKey(write.delete));
}

/** The session that a write is about. */
export function sessionIdOf(write: SessionWrite): string {
  return "put" in write ? write.put.id : write.delete;
}

/** Of each session the last write: one that loses thousands of instances has a large record, once for each of them. */
export function lastSessionWrites(entries: Iterable<JournalEntry>): Write[] {
  const last = new Map<string, SessionWrite>();
  for (const { sessions } of entries) for (const write of sessions) last.set(sessionIdOf(write), write);
  return [...last.values()].map(sessionWrite);
}
