import type { Clock, Timer } from "../../src/stream/index.js";

interface Due {
  readonly atMs: number;
  readonly run: () => void;
}

/** A clock that a test moves by hand. Both clocks start at `startMs` and move together, except for `stepWall`. */
export class FakeClock implements Clock {
  #monotonicMs: number;
  #wallOffsetMs = 0;
  readonly #due = new Set<Due>();

  constructor(startMs = 1_700_000_000_000) {
    this.#monotonicMs = startMs;
  }

  wallMs(): number {
    return this.#monotonicMs + this.#wallOffsetMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const due: Due = { atMs: this.#monotonicMs + Math.max(0, delayMs), run };
    this.#due.add(due);
    return { cancel: () => void this.#due.delete(due) };
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#due.size;
  }

  /** Moves time on, running every timer that falls due, in order. */
  advance(ms: number): void {
    const end = this.#monotonicMs + ms;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#due.delete(next);
      this.#monotonicMs = Math.max(this.#monotonicMs, next.atMs);
      next.run();
    }
    this.#monotonicMs = end;
  }

  /** Steps the wall clock alone, as an operator or NTP does. */
  stepWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  #next(endMs: number): Due | undefined {
    let first: Due | undefined;
    for (const due of this.#due) if (due.atMs <= endMs && (!first || due.atMs < first.atMs)) first = due;
    return first;
  }
}
