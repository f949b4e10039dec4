/** A running timer that can be taken back. */
export interface Timer {
  /** Takes the timer back; does nothing once it fired. */
  cancel(): void;
}

/** Time as an argument, so that a test can move it. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch: for people and records, never for leases. */
  wallMs(): number;
  /** Monotonic clock, milliseconds from an arbitrary start: for every duration. */
  monotonicMs(): number;
  /** Calls `run` once after `delayMs` of monotonic time. The timer does not keep the process alive. */
  after(delayMs: number, run: () => void): Timer;
}

/** The machine's clocks. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timeout = setTimeout(run, delayMs);
    timeout.unref();
    return { cancel: () => clearTimeout(timeout) };
  },
};
