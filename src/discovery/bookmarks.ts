import { type Clock, TimerWheel } from "../stream/index.js";

/** Who can be reminded to tell his reader how far he is. */
export interface Bookmarked {
  bookmark(): void;
}

/** Share of the interval by which bookmarks are spread, so that a thousand watches do not speak at once. */
const JITTER = 0.1;
/** Share of the interval after which the latest is due. */
const LATEST = 0.9;
const TICK_MS = 100;
/** What is left of the interval at least: the wheel is late by two ticks at most, and the third is for the way. */
const SPARE_MS = 3 * TICK_MS;

interface Interval {
  readonly intervalMs: number;
  lastSentMs: number;
}

/**
 * Reminds idle watches to send a bookmark, all of them on one timer wheel.
 *
 * A watch that is busy only notes when it last spoke; the wheel looks at that note once an interval. So a delivery costs
 * nothing here, and an idle watch has no timer of its own.
 */
export class Bookmarks implements Disposable {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #intervals = new Map<Bookmarked, Interval>();
  readonly #wheel: TimerWheel<Bookmarked>;

  constructor(options: { readonly clock: Clock; readonly random?: () => number }) {
    this.#clock = options.clock;
    this.#random = options.random ?? Math.random;
    this.#wheel = new TimerWheel({ clock: options.clock, tickMs: TICK_MS, onDue: (due) => this.#remind(due) });
  }

  /** Reminds `watch` at least every `intervalMs` in which it sent nothing. */
  add(watch: Bookmarked, intervalMs: number): void {
    this.#intervals.set(watch, { intervalMs, lastSentMs: this.#clock.monotonicMs() });
    this.#wheel.set(watch, this.#spread(intervalMs));
  }

  /** Notes that `watch` has just told its reader something. */
  sent(watch: Bookmarked): void {
    const interval = this.#intervals.get(watch);
    if (interval) interval.lastSentMs = this.#clock.monotonicMs();
  }

  remove(watch: Bookmarked): void {
    this.#intervals.delete(watch);
    this.#wheel.clear(watch);
  }

  [Symbol.dispose](): void {
    this.#wheel.stop();
  }

  #remind(due: readonly Bookmarked[]): void {
    for (const watch of due) {
      const interval = this.#intervals.get(watch);
      if (!interval) continue;
      const dueInMs = interval.lastSentMs + this.#spread(interval.intervalMs) - this.#clock.monotonicMs();
      if (dueInMs > this.#jitterMs(interval.intervalMs)) {
        this.#wheel.set(watch, dueInMs);
        continue;
      }
      this.#wheel.set(watch, this.#spread(interval.intervalMs));
      watch.bookmark();
    }
  }

  #spread(intervalMs: number): number {
    return Math.min(intervalMs * LATEST, intervalMs - SPARE_MS) - this.#random() * this.#jitterMs(intervalMs);
  }

  #jitterMs(intervalMs: number): number {
    return intervalMs * JITTER;
  }
}
