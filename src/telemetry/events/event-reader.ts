import type { Entry } from "../disk/database.js";
import type { Disk } from "../disk/disk.js";
import { numberedKey, parseFirst, parsePlace, tableEnd } from "../disk/keys.js";
import type { Event, EventPlace } from "./event.js";
import { type EventQuery, eventPredicate } from "./event-query.js";
import type { EventRecorder } from "./event-recorder.js";
import { decodeEvent } from "./record.js";

/** Where a page ended: the next one begins with what is older. */
export interface EventCursor {
  readonly timeMs: number;
  readonly place: EventPlace;
}

/** One page of events, newest first. */
export interface EventPageQuery {
  readonly query: EventQuery;
  /** Milliseconds since the epoch; absent means as far back as events are kept. */
  readonly startMs?: number;
  /** Not included; absent means without an end. */
  readonly endMs?: number;
  /** 1 or more. */
  readonly pageSize: number;
  /** From the page before. */
  readonly after?: EventCursor;
  readonly signal?: AbortSignal;
}

/** A page; with `next` there may be more. */
export interface EventPage {
  readonly events: readonly Event[];
  /** Absent on the last page. A page may hold less than asked for, even nothing, and have a next one. */
  readonly next?: EventCursor;
}

/** Options of the reader of events. */
export interface EventReaderOptions {
  readonly disk: Disk;
  readonly recorder: EventRecorder;
  /** Events that one page looks at. */
  readonly maxScanned: number;
}

/** Reads events back by time. */
export class EventReader {
  readonly #options: EventReaderOptions;

  constructor(options: EventReaderOptions) {
    this.#options = options;
  }

  /** One page by time, then place; every commit that was answered before is in it. @throws DomainError STORE_UNAVAILABLE. */
  async page(options: EventPageQuery): Promise<EventPage> {
    await this.#options.recorder.settled();
    const matches = eventPredicate(options.query);
    const events: Event[] = [];
    let left = this.#options.maxScanned;
    for await (const chunk of this.#options.disk.scan({ ...bounds(options), reverse: true })) {
      options.signal?.throwIfAborted();
      const values = await this.#options.disk.getMany(chunk.map(eventKey));
      for (const [index, [key]] of chunk.entries()) {
        const place = parsePlace(key);
        const value = values[index];
        const event = value && decodeEvent(place, value);
        if (event && (!matches || matches(event))) events.push(event);
        if (events.length >= options.pageSize || --left <= 0)
          return { events, next: { timeMs: parseFirst(key), place } };
      }
    }
    return { events };
  }
}

function eventKey([key]: Entry): Uint8Array {
  const { revision, order } = parsePlace(key);
  return numberedKey("E", revision, order);
}

function bounds({ startMs, endMs, after }: EventPageQuery): { gte: Uint8Array; lt: Uint8Array } {
  const end = endMs === undefined ? tableEnd("T") : numberedKey("T", clamp(endMs));
  return {
    gte: numberedKey("T", clamp(startMs ?? 0)),
    lt: after ? numberedKey("T", after.timeMs, after.place.revision, after.place.order) : end,
  };
}

function clamp(ms: number): number {
  return Math.min(Math.max(0, Math.floor(ms)), Number.MAX_SAFE_INTEGER);
}
