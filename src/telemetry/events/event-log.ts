import type { Logger } from "pino";
import type { Entry, Operation } from "../disk/database.js";
import type { Disk } from "../disk/disk.js";
import { metaKey, numberedKey, parsePlace, tableEnd } from "../disk/keys.js";
import type { Dropped } from "../disk/retention.js";
import type { Growth } from "../disk/usage.js";
import type { TelemetryMetrics } from "../metrics.js";
import type { Event, EventPlace } from "./event.js";
import { cursorOperation, decodeCursor, decodeEvent, decodeFloor, encodeEvent, floorOperation } from "./record.js";

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

/** Events read from the database in one step. */
const STRETCH_EVENTS = 500;

/**
 * The event log on the database: each event at its place, and an index by time.
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
    const [cursor, floor] = await options.disk
      .getMany([metaKey("events"), metaKey("events-floor")])
      .catch(() => [undefined, undefined]);
    const next = cursor ? decodeCursor(cursor) : { revision: 0n, order: 0 };
    const log = new EventLog(options, next, floor ? decodeFloor(floor) : 0n);
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
    const operations: Operation[] = [cursorOperation(next)];
    const growth: Growth[] = [];
    for (const event of events) {
      const { revision, order } = event.place;
      const value = encodeEvent(event);
      const key = numberedKey("E", revision, order);
      const index = numberedKey("T", Math.max(0, Math.floor(event.timeMs)), revision, order);
      operations.push({ type: "put", key, value }, { type: "put", key: index, value: new Uint8Array() });
      growth.push({ kind: "events", timeMs: event.timeMs, bytes: key.length + value.length + index.length });
    }
    if (!(await this.#options.disk.write({ operations, growth }))) return false;
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
      const gone = chunk.map((entry) => forget(entry));
      const operations = gone.flatMap((one) => one.operations);
      if (!(await this.#options.disk.write({ operations, growth: gone.map((one) => one.growth) }))) return false;
    }
    return this.skipTo(revision);
  }

  /** The next events after a place, a bounded number. @throws DomainError STORE_UNAVAILABLE. */
  async after(place: EventPlace): Promise<EventStretch> {
    const gte = numberedKey("E", place.revision, place.order + 1);
    for await (const chunk of this.#options.disk.scan({ gte, lt: tableEnd("E") })) {
      const events = chunk.slice(0, STRETCH_EVENTS).map(([key, value]) => decodeEvent(parsePlace(key), value));
      return { place: events.at(-1)?.place ?? place, events };
    }
    return { place, events: [] };
  }

  /** What goes with index entries that retention drops; the log then begins behind them. */
  async dropIndexed(entries: readonly Entry[]): Promise<Dropped> {
    const places = entries.map(([key]) => parsePlace(key));
    const keys = places.map(({ revision, order }) => numberedKey("E", revision, order));
    const values = await this.#options.disk.getMany(keys);
    for (const { revision } of places) if (revision > this.#floor) this.#floor = revision;
    const bytes = values.reduce(
      (sum, value, index) => sum + (value ? value.length + (keys[index]?.length ?? 0) : 0),
      0,
    );
    const operations = keys.map((key): Operation => ({ type: "del", key }));
    return { operations: [...operations, floorOperation(this.#floor)], bytes };
  }
}

/** Deletes an event and its index entry. */
function forget([key, value]: Entry): { operations: Operation[]; growth: Growth } {
  const { place, timeMs } = decodeEvent(parsePlace(key), value);
  const index = numberedKey("T", timeMs, place.revision, place.order);
  const bytes = key.length + value.length + index.length;
  return {
    operations: [
      { type: "del", key },
      { type: "del", key: index },
    ],
    growth: { kind: "events", timeMs, bytes: -bytes },
  };
}
