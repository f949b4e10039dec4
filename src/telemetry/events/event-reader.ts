import type { Disk } from "../disk/disk.js";
import type { Event, EventMoment, EventPlace } from "./event.js";
import type { EventLog } from "./event-log.js";
import { type EventQuery, eventPredicate } from "./event-query.js";
import type { EventRecorder } from "./event-recorder.js";
import { type NewestFirstOptions, newestFirst } from "./newest-first.js";

/** Where a page ended: the next one begins with what is older. */
export type EventCursor = EventMoment;

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
  readonly events: EventLog;
  readonly recorder: Pick<EventRecorder, "settled">;
  /** Events that one page looks at. */
  readonly maxScanned: number;
}

/** A place before that of every event. */
const BEFORE_ALL: EventPlace = { revision: 0n, order: -1 };

/** Reads events back by time. */
export class EventReader {
  readonly #options: EventReaderOptions;

  constructor(options: EventReaderOptions) {
    this.#options = options;
  }

  /**
   * One page, newest first: by time, and by place among events of the same millisecond. So what was recorded after the clock
   * was set back stands among the events of the time that it then showed.
   *
   * Every commit that was answered before is in it. @throws DomainError STORE_UNAVAILABLE.
   */
  async page(options: EventPageQuery): Promise<EventPage> {
    await this.#options.recorder.settled();
    const matches = eventPredicate(options.query);
    const found: Event[] = [];
    let left = this.#options.maxScanned;
    for await (const events of newestFirst({ ...this.#options, ...rangeOf(options) })) {
      for (const event of events) {
        if (!matches || matches(event)) found.push(event);
        if (found.length >= options.pageSize || --left <= 0) {
          return { events: found, next: { timeMs: event.timeMs, place: event.place } };
        }
      }
    }
    return { events: found };
  }
}

function rangeOf({ startMs, endMs, after, signal }: EventPageQuery): Omit<NewestFirstOptions, "disk" | "events"> {
  const before = after ?? (endMs === undefined ? undefined : { timeMs: clamp(endMs), place: BEFORE_ALL });
  return { startMs: clamp(startMs ?? 0), ...(before && { before }), ...(signal && { signal }) };
}

function clamp(ms: number): number {
  return Math.min(Math.max(0, Math.floor(ms)), Number.MAX_SAFE_INTEGER);
}
