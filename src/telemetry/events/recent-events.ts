import type { Signal } from "../../stream/index.js";
import { comparePlaces, type Event, type EventPlace } from "./event.js";

/** What a reader at a place does next. */
export type Step =
  /** Read these: they follow it without a gap. Readers at the same place get the same array. */
  | { readonly kind: "events"; readonly events: readonly Event[] }
  /** What follows it is on the database alone. */
  | { readonly kind: "behind" }
  /** Wait: nothing follows it yet. */
  | { readonly kind: "none" };

/** Events published together, at most; so that a response of them stays well under what one message may hold. */
const BATCH_EVENTS = 500;

/**
 * The newest events, in memory, for those who tail the log.
 *
 * Why not a queue for each reader: however many readers there are, an event is held once; a reader holds a place, and one
 * that is further behind than this reads the database until it has caught up. While nobody tails, nothing is held.
 */
export class RecentEvents {
  readonly #capacity: number;
  readonly #waiting = new Set<Signal>();
  #batches: (readonly Event[])[] = [];
  #size = 0;
  #before: EventPlace;
  #last: EventPlace;

  constructor(options: { readonly capacity: number; readonly last: EventPlace }) {
    this.#capacity = options.capacity;
    this.#before = options.last;
    this.#last = options.last;
  }

  /** The place of the newest event. */
  get last(): EventPlace {
    return this.#last;
  }

  /** Every event after this place is held here. */
  get before(): EventPlace {
    return this.#before;
  }

  /** True while somebody tails. */
  get hasReaders(): boolean {
    return this.#waiting.size > 0;
  }

  /** Adds events that follow the last one and are on the database, and wakes who waits. */
  publish(events: readonly Event[]): void {
    this.#last = events.at(-1)?.place ?? this.#last;
    if (this.hasReaders) this.#hold(events);
    else this.#letGo();
    for (const signal of this.#waiting) signal.notify();
  }

  /** What a reader does next that has read all up to a place. */
  after(place: EventPlace): Step {
    if (comparePlaces(place, this.#last) >= 0) return { kind: "none" };
    if (comparePlaces(place, this.#before) < 0) return { kind: "behind" };
    const batch = this.#batches[this.#firstBatchAfter(place)] ?? [];
    const skip = batch.findIndex((event) => comparePlaces(event.place, place) > 0);
    return { kind: "events", events: skip === 0 ? batch : batch.slice(skip) };
  }

  /** Wakes a reader by its signal at each publication, and holds what is published; ends with the returned function. */
  wake(signal: Signal): () => void {
    this.#waiting.add(signal);
    return () => this.#waiting.delete(signal);
  }

  #hold(events: readonly Event[]): void {
    for (let start = 0; start < events.length; start += BATCH_EVENTS) {
      const batch = events.slice(start, start + BATCH_EVENTS);
      this.#batches.push(batch);
      this.#size += batch.length;
    }
    this.#trim();
  }

  #letGo(): void {
    this.#batches = [];
    this.#size = 0;
    this.#before = this.#last;
  }

  /** Binary search: batches follow each other by place. */
  #firstBatchAfter(place: EventPlace): number {
    let low = 0;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const last = this.#batches[middle]?.at(-1);
      if (last && comparePlaces(last.place, place) > 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #trim(): void {
    let drop = 0;
    for (; this.#size > this.#capacity && drop < this.#batches.length - 1; drop++) {
      const batch = this.#batches[drop] ?? [];
      this.#size -= batch.length;
      this.#before = batch.at(-1)?.place ?? this.#before;
    }
    if (drop > 0) this.#batches = this.#batches.slice(drop);
  }
}
