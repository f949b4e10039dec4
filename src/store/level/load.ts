import type { Entity, SessionRecord } from "../../model/index.js";
import { decodeLogHead } from "../codec/change-codec.js";
import { decodeEntity } from "../codec/entity-codec.js";
import { decodeSession } from "../codec/session-codec.js";
import type { CompactionMark } from "../journal.js";
import type { LedgerState } from "../ledger.js";
import type { Disk, KeyRange } from "./disk.js";
import { decodeFormat, decodeMark, encodeFormat, type Format, newFormat } from "./format.js";
import { ALL_ENTITIES, ALL_LOG, ALL_SESSIONS, COMPACTION_KEY, FORMAT_KEY, revisionOfLogKey } from "./keys.js";

/** How many records one read brings. */
const PIECE = 5_000;

/** What lies on a disk. */
export interface Loaded {
  readonly state: LedgerState;
  readonly compacted: CompactionMark;
}

/** The format of the store on this disk; an empty disk gets one. @throws RangeError when something lies there without. */
export async function loadFormat(disk: Disk): Promise<Format> {
  const bytes = await disk.get(FORMAT_KEY);
  if (bytes) return decodeFormat(bytes);
  const [foreign] = await disk.keys({ gte: "", lt: "\u{10ffff}" }, 1);
  if (foreign !== undefined) throw new RangeError("records without a format record");
  const format = newFormat();
  await disk.write([{ key: FORMAT_KEY, value: encodeFormat(format) }], { sync: true });
  return format;
}

/** Reads the state of the current format. @throws Error when a record is none, or records contradict each other. */
export async function loadState(disk: Disk): Promise<Loaded> {
  const compacted = decodeMark(await disk.get(COMPACTION_KEY));
  const { revision, committedAtMs } = await loadHead(disk, compacted);
  const entities = await loadAll<Entity>(disk, ALL_ENTITIES, decodeEntity);
  const sessions = await loadAll<SessionRecord>(disk, ALL_SESSIONS, decodeSession);
  for (const { value } of entities) {
    if (value.modRevision > revision) throw new RangeError(`revision ${value.modRevision} is missing from the log`);
  }
  return { compacted, state: { revision, committedAtMs, entities, sessions } };
}

async function loadHead(disk: Disk, compacted: CompactionMark): Promise<CompactionMark> {
  const last = await disk.last(ALL_LOG);
  if (!last) return compacted;
  const head = { revision: revisionOfLogKey(last[0]), committedAtMs: decodeLogHead(last[1]) };
  return head.revision > compacted.revision ? head : compacted;
}

async function loadAll<T>(disk: Disk, range: KeyRange, decode: (bytes: Uint8Array) => T): Promise<T[]> {
  const all: T[] = [];
  let from = range.gte;
  for (;;) {
    const entries = await disk.entries({ gte: from, lt: range.lt }, PIECE);
    for (const [, value] of entries) all.push(decode(value));
    const last = entries.at(-1);
    if (!last) return all;
    from = `${last[0]}\0`;
  }
}
