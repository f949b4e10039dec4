import type { TelemetryMetrics } from "../metrics.js";
import type { LogReader } from "./log-reader.js";
import type { LogRecord } from "./log-record.js";
import { LogTail, type LogTailBatch, type LogTailOptions } from "./log-tail.js";

/** Options of the tails. */
export interface LogTailsOptions {
  readonly reader: LogReader;
  /** The number that the next record gets. */
  readonly nextSequence: () => number;
  readonly metrics: TelemetryMetrics;
  /** Records that wait for one tail. */
  readonly maxPending: number;
}

/** All tails that are open. */
export class LogTails {
  readonly #options: LogTailsOptions;
  readonly #tails = new Set<LogTail>();

  constructor(options: LogTailsOptions) {
    this.#options = options;
  }

  /** Offers a record to every tail. */
  publish(record: LogRecord): void {
    for (const tail of this.#tails) if (tail.offer(record)) this.#options.metrics.missed("logs", 1);
  }

  /**
   * Tails from now on, the backlog first; no record is missing or twice between the two. Live when it returns.
   *
   * @throws DomainError STORE_UNAVAILABLE by the first `next()`.
   */
  open(options: LogTailOptions): AsyncIterable<LogTailBatch> {
    const tail = new LogTail(options.query, this.#options.maxPending);
    const beforeSequence = this.#options.nextSequence();
    this.#tails.add(tail);
    options.signal.addEventListener("abort", () => this.#tails.delete(tail), { once: true });
    return this.#read(tail, { ...options, beforeSequence });
  }

  async *#read(tail: LogTail, options: LogTailOptions & { beforeSequence: number }): AsyncGenerator<LogTailBatch> {
    yield* tail.read(await this.#backlog(options), options.signal);
  }

  async #backlog(options: LogTailOptions & { beforeSequence: number }): Promise<LogRecord[]> {
    if (options.backlog === 0) return [];
    const { query, beforeSequence, signal } = options;
    const page = await this.#options.reader.page({ query, beforeSequence, signal, pageSize: options.backlog });
    return page.records.toReversed();
  }
}
