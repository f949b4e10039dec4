import type { Logger } from "pino";

/** Those who want to be told of something. One that throws is logged and harms nobody else. */
export class Listeners<T> {
  readonly #listeners = new Set<(told: T) => void>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Adds a listener, in the order of telling. @returns a function that takes it away. */
  add(listener: (told: T) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Calls everybody. */
  tell(told: T): void {
    for (const listener of this.#listeners) {
      try {
        listener(told);
      } catch (error) {
        this.#log.error({ err: error }, "a listener of the store threw: it may have missed something");
      }
    }
  }
}
