import type { EntityKey } from "../../model/index.js";
import type { KeyRange } from "./disk.js";

/*
 * What lies where. Keys are UTF-8, values are messages of proto/portolan/store/v1, each with its checksum after it.
 *
 *   format          Format
 *   tally           Tally: what the state comes to
 *   compaction      Compaction: how far history was forgotten; absent means not at all
 *   e/<EntityKey>   Entity, as it stands
 *   l/<16 hex>      LogRecord of one batch, under the LAST of its revisions: so the first key at or after a revision is the
 *                   record that holds it
 *   s/<session id>  Session
 */

/** The key of the Format record. */
export const FORMAT_KEY = "format";
/** The key of the Tally record. */
export const TALLY_KEY = "tally";
/** The key of the Compaction record. */
export const COMPACTION_KEY = "compaction";
/** Every entity. */
export const ALL_ENTITIES: KeyRange = { gte: "e/", lt: "e0" };
/** Every session. */
export const ALL_SESSIONS: KeyRange = { gte: "s/", lt: "s0" };
/** The whole log. */
export const ALL_LOG: KeyRange = { gte: "l/", lt: "l0" };

/** Where an entity lies. */
export function entityRecordKey(key: EntityKey): string {
  return `e/${key}`;
}

/** Where a session lies. */
export function sessionRecordKey(id: string): string {
  return `s/${id}`;
}

/** Where the log record lies whose last revision this is. */
export function logRecordKey(revision: bigint): string {
  return `l/${revision.toString(16).padStart(16, "0")}`;
}

/** The last revision of the log record at a key. @throws RangeError when it is no such key. */
export function revisionOfLogKey(key: string): bigint {
  if (!/^l\/[0-9a-f]{16}$/.test(key)) throw new RangeError(`${key} is no key of a log record`);
  return BigInt(`0x${key.slice(2)}`);
}
