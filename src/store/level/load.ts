import type { Entity, SessionRecord } from "../../model/index.js";
import { checksumOf, unsealRecord } from "../codec/checksum.js";
import { decodeEntity } from "../codec/entity-codec.js";
import { decodeSession } from "../codec/session-codec.js";
import { decodeTally, encodeTally } from "../codec/tally-codec.js";
import type { CompactionMark } from "../journal.js";
import type { LedgerState } from "../ledger.js";
import type { Acknowledged } from "./acknowledged.js";
import { type Disk, piecesOf, putting } from "./disk.js";
import { decodeFormat, decodeMark, encodeFormat, type Format, newFormat } from "./format.js";
import { ALL_ENTITIES, ALL_SESSIONS, COMPACTION_KEY, FORMAT_KEY, TALLY_KEY } from "./keys.js";
import { EMPTY_TALLY, faultOf, type SessionChecksums, type Tally } from "./tally.js";

/** What lies on a disk. */
export interface Loaded {
  readonly state: LedgerState;
  readonly compacted: CompactionMark;
  readonly tally: Tally;
  readonly sessionChecksums: SessionChecksums;
}

/**
 * The format of the store on this disk; an empty disk gets one.
 *
 * @param acknowledged how far writes were acknowledged that lay here, where that is known.
 * @throws RangeError when something lies there without, or nothing does where something must.
 */
export async function loadFormat(disk: Disk, acknowledged?: Acknowledged): Promise<Format> {
  const bytes = await disk.get(FORMAT_KEY);
  if (bytes) return decodeFormat(bytes);
  const [foreign] = await disk.keys({ gte: "", lt: "\u{10ffff}" }, 1);
  if (foreign !== undefined) throw new RangeError("records without a format record");
  if (acknowledged) throw new RangeError("it is empty, and something was written");
  const format = newFormat();
  const writes = [putting(FORMAT_KEY, encodeFormat(format)), putting(TALLY_KEY, encodeTally(EMPTY_TALLY))];
  await disk.write(writes, { sync: true });
  return format;
}

/**
 * Reads the state of the current format, all of it or nothing.
 *
 * @throws Error when a record is damaged, or the state is not what was written or less than what was acknowledged.
 */
export async function loadState(disk: Disk, acknowledged?: Acknowledged): Promise<Loaded> {
  const tally = await loadTally(disk);
  const compacted = decodeMark(await disk.get(COMPACTION_KEY));
  if (compacted.revision > tally.revision) throw endsBefore(tally, compacted.revision);
  const entities = await loadEntities(disk);
  const { sessions, sessionChecksums } = await loadSessions(disk);
  const { revision, committedAtMs } = tally;
  const state = { revision, committedAtMs, entities, sessions };
  const fault = faultOf(tally, state, sessionChecksums);
  if (fault !== undefined) throw new RangeError(fault);
  if (acknowledged && tally.batch < acknowledged.batch) throw endsBefore(tally, acknowledged.revision);
  return { state, compacted, tally, sessionChecksums };
}

/** The state ends before something that is known to have been written. */
export function endsBefore({ revision }: Tally, known: bigint): RangeError {
  const what = known > revision ? `revision ${known} was written` : "sessions were written after it";
  return new RangeError(`it ends at revision ${revision}, and ${what}`);
}

async function loadTally(disk: Disk): Promise<Tally> {
  const record = await disk.get(TALLY_KEY);
  if (!record) throw new RangeError("the record of what it holds is missing");
  return decodeTally(unsealRecord(TALLY_KEY, record));
}

async function loadEntities(disk: Disk): Promise<Entity[]> {
  const entities: Entity[] = [];
  for await (const piece of piecesOf(disk, ALL_ENTITIES))
    for (const [key, record] of piece) entities.push(decodeEntity(unsealRecord(key, record)));
  return entities;
}

async function loadSessions(disk: Disk) {
  const sessions: SessionRecord[] = [];
  const sessionChecksums = new Map<string, number>();
  for await (const piece of piecesOf(disk, ALL_SESSIONS)) {
    for (const [key, record] of piece) {
      sessions.push(decodeSession(unsealRecord(key, record)));
      sessionChecksums.set(key, checksumOf(record));
    }
  }
  return { sessions, sessionChecksums };
}
