import type { Logger } from "pino";
import { decodeLogSpan, type LogSpan } from "../codec/change-codec.js";
import { unsealRecord } from "../codec/checksum.js";
import type { CompactionMark } from "../journal.js";
import { type Disk, deleting, type Entry, piecesOf } from "./disk.js";
import { ALL_LOG, logRecordKey, revisionOfLogKey } from "./keys.js";
import { endsBefore } from "./load.js";
import type { Tally } from "./tally.js";

/** What a record of history says of itself, once its checksum was found right. */
export interface CheckedSpan extends LogSpan {
  /** The last of its revisions. */
  readonly last: bigint;
}

/** Checks a whole record of history and reads its beginning. @throws Error when it is damaged. */
export function checkLogEntry([key, record]: Entry): CheckedSpan {
  return { ...decodeLogSpan(unsealRecord(key, record)), last: revisionOfLogKey(key) };
}

/** What is known of a store when its history is checked. */
export interface HistoryCheck {
  readonly disk: Disk;
  readonly log: Logger;
  readonly compacted: CompactionMark;
  readonly tally: Tally;
}

/**
 * Reads all of history and answers after which revision it is whole: the compaction's mark unless something is damaged or
 * missing. What comes before such a gap is as good as forgotten, and an error is logged: the state does not rest on it.
 *
 * @throws RangeError when history goes on beyond the state.
 */
export async function checkHistory(check: HistoryCheck): Promise<CompactionMark> {
  const { disk, log, compacted, tally } = check;
  const damaged: string[] = [];
  let whole = compacted;
  let end = compacted.revision;
  for await (const piece of piecesOf(disk, { ...ALL_LOG, gte: logRecordKey(end + 1n) })) {
    for (const entry of piece) {
      const span = spanOf(entry);
      if (!span) damaged.push(entry[0]);
      else {
        if (span.last > tally.revision) throw endsBefore(tally, span.last);
        if (span.first > end + 1n) whole = { revision: span.first - 1n, committedAtMs: span.committedAtMs };
        end = span.last;
      }
    }
  }
  if (end < tally.revision) whole = tally;
  if (whole !== compacted || damaged.length > 0) {
    const lost = { from: String(compacted.revision + 1n), through: String(whole.revision), damaged };
    log.error(lost, "a part of history is damaged: it begins after that now, and the state is whole");
    await disk.write(damaged.map(deleting), { sync: false });
  }
  return { revision: whole.revision, committedAtMs: whole.committedAtMs };
}

function spanOf(entry: Entry): CheckedSpan | undefined {
  try {
    return checkLogEntry(entry);
  } catch {
    return undefined;
  }
}
