import type { Logger } from "pino";
import { DomainError } from "../model/index.js";
import type { Clock } from "../stream/index.js";

/** Options of `Overdue`. */
export interface OverdueOptions<K> {
  readonly clock: Clock;
  readonly log: Logger;
  /** Called when an attempt failed and will be repeated. */
  readonly onRetry: () => void;
  /**
   * Commits the end of as many of the keys as one commit holds, decided on what is true now; undefined when nothing can be
   * done for any of them yet (something else is being written to them), "held" when nothing may be done for some time. Keys
   * are deleted by their owner once they left.
   */
  readonly attempt: (keys: ReadonlySet<K>) => Promise<unknown> | "held" | undefined;
}

const FIRST_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 1_000;

/**
 * What fell due and must leave: tried at once, and again with growing pauses until nothing of it is left.
 *
 * One commit is under way at a time; what falls due meanwhile shares the next one.
 */
export class Overdue<K> {
  readonly #options: OverdueOptions<K>;
  readonly #keys = new Set<K>();
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #stopped = false;

  constructor(options: OverdueOptions<K>) {
    this.#options = options;
  }

  /** Adds keys that fell due, and tries in this tick unless an attempt is under way. */
  add(keys: Iterable<K>): void {
    for (const key of keys) this.#keys.add(key);
    if (this.#keys.size > 0 && !this.#stopped) this.#running ??= this.#run();
  }

  /** Forgets a key: it left, or its time begins anew. False when it was not overdue. */
  delete(key: K): boolean {
    return this.#keys.delete(key);
  }

  /** Stops trying; resolves when no commit is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (this.#keys.size > 0 && !this.#stopped) {
      const outcome = await this.#try();
      failures = outcome === "failed" ? failures + 1 : 0;
      const backoffMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures);
      if (outcome !== "done") await this.#pause(outcome === "held" ? MAX_BACKOFF_MS : backoffMs);
    }
    this.#running = undefined;
  }

  async #try(): Promise<"done" | "blocked" | "held" | "failed"> {
    try {
      const attempt = this.#options.attempt(this.#keys);
      if (!attempt) return "blocked";
      if (attempt === "held") return "held";
      await attempt;
      return "done";
    } catch (error) {
      this.#report(error);
      return "failed";
    }
  }

  #report(error: unknown): void {
    this.#options.onRetry();
    const overdue = this.#keys.size;
    if (error instanceof DomainError) this.#options.log.warn({ err: error, overdue }, "expiry is put off");
    else this.#options.log.error({ err: error, overdue }, "expiry failed");
  }

  async #pause(delayMs: number): Promise<void> {
    if (this.#stopped) return;
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(delayMs, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
