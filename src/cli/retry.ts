import type { CliClock } from "./io.js";

const BASE_MS = 250;
const CAP_MS = 10_000;

/**
 * Growing waits between attempts: 250 ms, doubled each time up to 10 s, half of each left to chance.
 *
 * Why chance: after a server's restart its clients must not all come back in the same instant.
 */
export class Backoff {
  readonly #random: () => number;
  #attempt = 0;

  /** @param random 0 to below 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** How long to wait before the next attempt, in milliseconds. */
  next(): number {
    const fullMs = Math.min(CAP_MS, BASE_MS * 2 ** this.#attempt++);
    return fullMs / 2 + (this.#random() * fullMs) / 2;
  }

  /** Begins anew, after an attempt that succeeded. */
  reset(): void {
    this.#attempt = 0;
  }
}

/** Resolves after `ms`, or at once when `signal` aborts. */
export function pause(clock: CliClock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      timer.cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.after(ms, done);
    signal.addEventListener("abort", done);
  });
}
