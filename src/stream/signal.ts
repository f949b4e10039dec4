/**
 * A wake-up call for one waiting reader: `notify` before `wait` is not lost, several are one.
 *
 * Why not an event emitter: a reader that is busy must find the call when it comes back, without a queue.
 */
export class Signal {
  #notified = false;
  #wake: (() => void) | undefined;

  /** Wakes the waiting reader, or lets the next `wait` return at once. */
  notify(): void {
    this.#notified = true;
    this.#wake?.();
  }

  /** Resolves at the next `notify`, or at once when one came since the last `wait`. One waiter at a time. */
  async wait(): Promise<void> {
    if (!this.#notified) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    this.#notified = false;
  }
}
