import type { Entry } from "../disk/database.js";
import type { Disk } from "../disk/disk.js";
import { blockKey, numberedKey, parseBlockIndexKey, parseWhole, tableEnd } from "../disk/keys.js";
import { BLOCK_MS } from "./block.js";
import { compareMoments, type Event, type EventMoment } from "./event.js";
import type { EventLog } from "./event-log.js";

/** What to read, and where from. */
export interface NewestFirstOptions {
  readonly disk: Disk;
  readonly events: EventLog;
  /** Milliseconds since the epoch: earlier events are left out. */
  readonly startMs: number;
  /** Only events before this moment; absent means all. */
  readonly before?: EventMoment;
  readonly signal?: AbortSignal;
}

interface Block {
  readonly last: EventMoment;
  readonly value: Uint8Array;
}

/** The most blocks that are read in one step. */
const MAX_BLOCKS = 32;

/**
 * Events in the order of time, newest first, in pieces.
 *
 * Blocks come by their newest event. They overlap in time where the clock was set back: so events are held until every
 * block that is still to come is older than they are.
 *
 * @throws DomainError STORE_UNAVAILABLE, and the signal's reason.
 */
export async function* newestFirst(options: NewestFirstOptions): AsyncGenerator<readonly Event[], void, void> {
  /** In the order of time, oldest first. */
  let held: Event[] = [];
  for await (const { last, value } of blocks(options)) {
    const events = options.events.blockAt(last, value).filter((event) => isWanted(event, options));
    const ready = held.findIndex((event) => compareMoments(event, last) > 0);
    if (ready >= 0) yield held.splice(ready).reverse();
    held = held.length === 0 ? events : [...held, ...events].sort(compareMoments);
  }
  yield held.reverse();
}

/** Blocks that may have a wanted event, by their newest event. */
async function* blocks({ disk, signal, ...range }: NewestFirstOptions): AsyncGenerator<Block, void, void> {
  // A page is mostly found in the newest blocks.
  let step = 1;
  for await (const chunk of disk.scan({ ...bounds(range), reverse: true })) {
    const lasts = chunk.filter((entry) => beginsBefore(entry, range.before)).map(([key]) => parseBlockIndexKey(key));
    for (let start = 0; start < lasts.length; ) {
      signal?.throwIfAborted();
      const some = lasts.slice(start, start + step);
      const values = await disk.getMany(some.map(blockKey));
      for (const [index, last] of some.entries()) {
        const value = values[index];
        if (value) yield { last, value };
      }
      start += step;
      step = Math.min(step * 2, MAX_BLOCKS);
    }
  }
}

/** The index entries of the blocks that end at `startMs` or later, and in the second of `before` or earlier. */
function bounds({ startMs, before }: Pick<NewestFirstOptions, "startMs" | "before">) {
  const end = before && (Math.floor(before.timeMs / BLOCK_MS) + 1) * BLOCK_MS;
  return {
    gte: numberedKey("T", startMs),
    lt: end === undefined || end > Number.MAX_SAFE_INTEGER ? tableEnd("T") : numberedKey("T", end),
  };
}

function beginsBefore([, value]: Entry, before: EventMoment | undefined): boolean {
  return before === undefined || parseWhole(value) <= before.timeMs;
}

function isWanted(event: Event, { startMs, before }: NewestFirstOptions): boolean {
  return event.timeMs >= startMs && (before === undefined || compareMoments(event, before) < 0);
}
