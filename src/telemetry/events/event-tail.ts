import { DomainError } from "../../model/index.js";
import type { Store } from "../../store/index.js";
import { Signal } from "../../stream/index.js";
import { eventsOf } from "./describe.js";
import { comparePlaces, type Event, type EventPlace } from "./event.js";
import type { EventLog } from "./event-log.js";
import { type EventQuery, eventPredicate } from "./event-query.js";
import type { EventRecorder } from "./event-recorder.js";
import type { RecentEvents } from "./recent-events.js";

/** Options of one tail. */
export interface EventTailOptions {
  readonly query: EventQuery;
  /** Every event after this revision comes first; 0n means only from now on. */
  readonly afterRevision: bigint;
  readonly signal: AbortSignal;
}

/** Options of the tails of the event log. */
export interface EventTailsOptions {
  readonly store: Store;
  readonly events: EventLog;
  readonly recent: RecentEvents;
  readonly recorder: Pick<EventRecorder, "hurry">;
}

interface Start {
  /** Events at it and before are told already. */
  readonly place: EventPlace;
  /** Events of this revision and earlier ones are left out. */
  readonly revision: bigint;
  /** Set when the store's history has to tell what the log does not hold: up to this revision. */
  readonly historyTo?: bigint;
}

/** A tail that is open: it is woken at each publication until it is unsubscribed. */
interface Reading extends EventTailOptions {
  readonly wake: Signal;
  readonly unsubscribe: () => void;
}

/**
 * Streams of events, each from its own place in the log, in the log's order.
 *
 * Events do not merge and none is dropped: a reader that is slow reads on from the database.
 */
export class EventTails {
  readonly #options: EventTailsOptions;

  constructor(options: EventTailsOptions) {
    this.#options = options;
  }

  /**
   * Tails the log. Readers that want every event and stand at the same place are given the same array.
   *
   * @throws DomainError REVISION_OUT_OF_RANGE when events after the revision are gone, or it was never reached; STORE_UNAVAILABLE
   * by a `next()` while the database cannot be read.
   */
  open(options: EventTailOptions): AsyncIterable<readonly Event[]> {
    const start = this.#start(options.afterRevision);
    const wake = new Signal();
    const unsubscribe = this.#options.recent.wake(wake);
    this.#options.recorder.hurry();
    options.signal.addEventListener("abort", () => {
      unsubscribe();
      wake.notify();
    });
    return this.#read(start, { ...options, wake, unsubscribe });
  }

  #start(after: bigint): Start {
    const { store, events, recent } = this.#options;
    const { revision: current, compactedRevision } = store.status();
    if (after === 0n) {
      const now = { revision: current, order: -1 };
      return { place: comparePlaces(recent.last, now) > 0 ? recent.last : now, revision: current };
    }
    const floor = events.floor;
    if (after > current || (after < floor && after < compactedRevision)) {
      const oldest = floor - compactedRevision < 0n ? floor : compactedRevision;
      throw new DomainError({ reason: "REVISION_OUT_OF_RANGE", requested: after, oldest, current });
    }
    if (after >= floor) return { place: { revision: after, order: -1 }, revision: after };
    return { place: { revision: floor, order: -1 }, revision: floor, historyTo: floor };
  }

  async *#read(start: Start, options: Reading): AsyncGenerator<readonly Event[], void, void> {
    const { afterRevision, signal, wake } = options;
    const wanted = selector(options.query);
    try {
      if (start.historyTo !== undefined) {
        for await (const set of this.#options.store.changes({ after: afterRevision, signal })) {
          if (set.revision > start.historyTo) break;
          yield* nonEmpty(wanted(eventsOf(set)));
        }
      }
      yield* this.#follow(start, wake, { signal, wanted });
    } finally {
      options.unsubscribe();
    }
  }

  async *#follow(
    start: Start,
    wake: Signal,
    reader: { readonly signal: AbortSignal; readonly wanted: Selector },
  ): AsyncGenerator<readonly Event[], void, void> {
    let place = start.place;
    while (!reader.signal.aborted) {
      const stretch = await this.#next(place);
      if (!stretch) {
        await wake.wait();
        continue;
      }
      place = stretch.place;
      const fresh = stretch.events.filter(({ revision }) => revision === 0n || revision > start.revision);
      yield* nonEmpty(reader.wanted(fresh.length === stretch.events.length ? stretch.events : fresh));
    }
  }

  /** What follows a place: from memory, or from the database for who is behind; undefined when nothing does yet. */
  async #next(place: EventPlace): Promise<{ place: EventPlace; events: readonly Event[] } | undefined> {
    const { recent, events } = this.#options;
    const step = recent.after(place);
    if (step.kind === "none") return undefined;
    if (step.kind === "events") return { place: step.events.at(-1)?.place ?? place, events: step.events };
    const { before } = recent;
    const stretch = await events.after(place);
    // Retention dropped all that lay between: go on behind it.
    return stretch.events.length > 0 ? stretch : { place: before, events: [] };
  }
}

type Selector = (events: readonly Event[]) => readonly Event[];

/** Keeps the array as it is when nothing is left out, so that readers share it. */
function selector(query: EventQuery): Selector {
  const matches = eventPredicate(query);
  return matches ? (events) => events.filter(matches) : (events) => events;
}

function* nonEmpty(events: readonly Event[]): Iterable<readonly Event[]> {
  if (events.length > 0) yield events;
}
