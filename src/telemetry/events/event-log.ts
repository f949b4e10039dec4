import type { Logger } from "pino";
import type { Entry, Operation } from "../disk/database.js";
import type { Disk, DiskBatch } from "../disk/disk.js";
import { blockKey, metaKey, numberedKey, parseBlockIndexKey, parseBlockKey, tableEnd } from "../disk/keys.js";
import type { Dropped } from "../disk/retention.js";
import type { TelemetryMetrics } from "../metrics.js";
import { blockDelete, blockPut, blocksOf } from "./block.js";
import { decodeBlock } from "./block-codec.js";
import { comparePlaces, type Event, type EventMoment, type EventPlace } from "./event.js";
import { cursorOperation, decodeCursor, decodeFloor, floorOperation } from "./record.js";

/** Options of the event log. */
export interface EventLogOptions {
  readonly disk: Disk;
  readonly log: Logger;
  readonly metrics: TelemetryMetrics;
  /** The store's revision now: what lies beyond it belongs to a store that was put back since. */
  readonly storeRevision: bigint;
}

/** A stretch of the log read back. */
export interface EventStretch {
  /** Read up to here; what follows is not read yet. */
  readonly place: EventPlace;
  readonly events: readonly Event[];
}

/** Events read from the database in one step, unless a single block has more. */
const STRETCH_EVENTS = 500;

/**
 * The event log on the database: blocks of events, each at the place of its last event, and an index by time.
 *
 * A block that cannot be read is said and left out: all others are read as ever.
 *
 * The events of a commit are written in one batch with the cursor, so after a crash the log holds whole commits up to the
 * cursor and nothing behind it.
 */
export class EventLog {
  readonly #options: EventLogOptions;
  #next: EventPlace;
  #floor: bigint;

  private constructor(options: EventLogOptions, next: EventPlace, floor: bigint) {
    this.#options = options;
    this.#next = next;
    this.#floor = floor;
  }

  /** Goes on where the database stands; from nothing when it cannot be read. */
  static async open(options: EventLogOptions): Promise<EventLog> {
    const [next = { revision: 0n, order: 0 }, floor = 0n] = await options.disk
      .getMany([metaKey("events"), metaKey("events-floor")])
      .then(([cursor, bound]) => [cursor && decodeCursor(cursor), bound && decodeFloor(bound)] as const)
      .catch(() => [] as const);
    const log = new EventLog(options, next, floor);
    if (next.revision > options.storeRevision) await log.#putBack(options.storeRevision);
    return log;
  }

  /** The place of the next event that has no revision of its own; its revision is the newest one recorded. */
  get next(): EventPlace {
    return this.#next;
  }

  /** True while nothing was ever recorded. */
  get empty(): boolean {
    return this.#next.revision === 0n && this.#next.order === 0;
  }

  /** Events of this revision and earlier ones may be missing. */
  get floor(): bigint {
    return this.#floor;
  }

  /** Appends events, which stand behind all others; false when they could not be written, and none of them is. */
  async append(events: readonly Event[], next: EventPlace): Promise<boolean> {
    const puts = blocksOf(events).map(blockPut);
    if (!(await this.#options.disk.write(joined([...puts, cursorBatch(next)])))) return false;
    this.#next = next;
    this.#options.metrics.written("events", events.length);
    return true;
  }

  /** Skips revisions whose events can no longer be known. */
  async skipTo(revision: bigint): Promise<boolean> {
    this.#floor = revision;
    const next = { revision, order: 0 };
    const operations = [floorOperation(revision), cursorOperation(next)];
    if (!(await this.#options.disk.write({ operations, growth: [] }))) return false;
    this.#next = next;
    return true;
  }

  async #putBack(revision: bigint): Promise<void> {
    const recorded = this.#next.revision;
    this.#options.log.warn({ recorded, revision }, "the store is behind the event log: later events are forgotten");
    await this.#forgetAfter(revision).catch((error: unknown) => {
      this.#options.log.warn({ err: error }, "later events could not be forgotten: they stay in the log");
    });
    this.#next = { revision, order: 0 };
  }

  async #forgetAfter(revision: bigint): Promise<boolean> {
    const range = { gte: numberedKey("E", revision + 1n), lt: tableEnd("E") };
    for await (const chunk of this.#options.disk.scan(range)) {
      const batches = chunk.flatMap((entry) => this.#cut(entry, revision));
      if (!(await this.#options.disk.write(joined(batches)))) return false;
    }
    return this.skipTo(revision);
  }

  /** Takes the events after a revision out of a block. */
  #cut([key, value]: Entry, revision: bigint): DiskBatch[] {
    const last = parseBlockKey(key);
    const left = this.blockAt(last, value).filter(({ place }) => place.revision <= revision);
    return [blockDelete(last, value.length), ...blocksOf(left).map(blockPut)];
  }

  /** The next events after a place, a bounded number. @throws DomainError STORE_UNAVAILABLE. */
  async after(place: EventPlace): Promise<EventStretch> {
    const events: Event[] = [];
    let readTo = place;
    const gte = numberedKey("E", place.revision, place.order + 1);
    for await (const chunk of this.#options.disk.scan({ gte, lt: tableEnd("E") })) {
      for (const [key, value] of chunk) {
        const last = parseBlockKey(key);
        const block = this.blockAt(last, value);
        if (events.length > 0 && events.length + block.length > STRETCH_EVENTS) return { place: readTo, events };
        // Only the first block can begin before the place.
        events.push(...(events.length > 0 ? block : block.filter((event) => comparePlaces(event.place, place) > 0)));
        readTo = last.place;
      }
    }
    return { place: readTo, events };
  }

  /** The events of a block; none, and it is said, when it is damaged. */
  blockAt(last: EventMoment, value: Uint8Array): Event[] {
    try {
      return decodeBlock(last, value);
    } catch (error) {
      const { revision, order } = last.place;
      this.#options.log.error(
        { err: error, revision, order },
        "a block of the event log is damaged: its events are left out",
      );
      return [];
    }
  }

  /** What goes with index entries that retention drops; the log then begins behind them. */
  async dropIndexed(entries: readonly Entry[]): Promise<Dropped> {
    const dropped = entries.map(([key]) => parseBlockIndexKey(key));
    const keys = dropped.map(blockKey);
    let bytes = 0;
    for (const [index, value] of (await this.#options.disk.getMany(keys)).entries()) {
      if (value) bytes += value.length + (keys[index]?.length ?? 0);
    }
    for (const { place } of dropped) if (place.revision > this.#floor) this.#floor = place.revision;
    const operations = keys.map((key): Operation => ({ type: "del", key }));
    return { operations: [...operations, floorOperation(this.#floor)], bytes };
  }
}

/** Writes that are made at once. */
function joined(batches: readonly DiskBatch[]): DiskBatch {
  return {
    operations: batches.flatMap(({ operations }) => operations),
    growth: batches.flatMap(({ growth }) => growth),
  };
}

function cursorBatch(next: EventPlace): DiskBatch {
  return { operations: [cursorOperation(next)], growth: [] };
}
