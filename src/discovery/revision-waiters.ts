interface Waiter {
  readonly revision: bigint;
  readonly done: (reached: boolean) => void;
}

/** Readers who asked for a revision that has not come yet. */
export class RevisionWaiters {
  readonly #waiters = new Set<Waiter>();

  /** Resolves true once `wanted` is reached, false when `signal` aborts before. */
  async wait(wanted: bigint, current: bigint, signal: AbortSignal): Promise<boolean> {
    if (current >= wanted) return true;
    if (signal.aborted) return false;
    return new Promise((resolve) => {
      const onAbort = (): void => waiter.done(false);
      const waiter: Waiter = {
        revision: wanted,
        done: (reached) => {
          this.#waiters.delete(waiter);
          signal.removeEventListener("abort", onAbort);
          resolve(reached);
        },
      };
      this.#waiters.add(waiter);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** The catalogue shows `current` now. */
  reached(current: bigint): void {
    for (const waiter of this.#waiters) if (waiter.revision <= current) waiter.done(true);
  }
}
