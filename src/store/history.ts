import { setImmediate } from "node:timers/promises";
import type { ChangeSet } from "../model/index.js";
import { outOfRange } from "./faults.js";
import type { Journal, Sealed } from "./journal.js";

/** How many change sets are handed out before the event loop gets its turn. */
const TURN = 256n;

/** Options of a reader of history. */
export interface HistoryOptions {
  readonly journal: Pick<Journal<Sealed>, "read">;
  /** History after this is readable, now. */
  readonly compactedRevision: () => bigint;
  readonly after: bigint;
  readonly through: bigint;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The change sets after `after` up to `through`, in order, without a gap.
 *
 * @throws DomainError REVISION_OUT_OF_RANGE when compaction overtakes the reader; the signal's reason when it aborts.
 */
export async function* readHistory(options: HistoryOptions): AsyncGenerator<ChangeSet, void, undefined> {
  const { journal, through, signal } = options;
  let next = options.after + 1n;
  while (next <= through) {
    const from = next;
    if (from <= options.compactedRevision()) throw outOfRange(from - 1n, options.compactedRevision(), through);
    for (const changeSet of await journal.read(from, through)) {
      signal?.throwIfAborted();
      if (changeSet.revision !== next) break;
      yield changeSet;
      next++;
      if (next % TURN === 0n) await setImmediate();
    }
    // Compaction can overtake a read that is under way, too: then what was read begins later, or not at all.
    if (next === from) throw outOfRange(from - 1n, options.compactedRevision(), through);
  }
}
