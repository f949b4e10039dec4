import { DomainError } from "../model/index.js";
import type { Kind } from "./disk/usage.js";
import type { TelemetryMetrics } from "./metrics.js";

/** Options of the readers. */
export interface ReadersOptions {
  readonly metrics: TelemetryMetrics;
  /** The most that may be open at once. */
  readonly maxReaders: number;
}

/** One reader to open. */
export interface ReaderOptions<T> {
  readonly kind: Kind | "status";
  /** Ends the reader. */
  readonly signal: AbortSignal;
  /** Makes the stream; it must be live when this returns, and must end when the signal that it is given aborts. */
  readonly open: (signal: AbortSignal) => AsyncIterable<T>;
}

/** Counts the tails and status watches that are open, refuses more than there may be, and ends them all at a stop. */
export class Readers implements Disposable {
  readonly #options: ReadersOptions;
  readonly #open = new Set<AbortController>();

  constructor(options: ReadersOptions) {
    this.#options = options;
  }

  /** @throws DomainError LIMIT_EXCEEDED when too many are open, and what `open` throws. */
  open<T>(options: ReaderOptions<T>): AsyncIterable<T> {
    const { metrics, maxReaders } = this.#options;
    if (this.#open.size >= maxReaders) {
      throw new DomainError({
        reason: "LIMIT_EXCEEDED",
        limit: "telemetry-max-readers",
        max: maxReaders,
        retryAfterMs: 1_000,
      });
    }
    const own = new AbortController();
    const stream = options.open(own.signal);
    this.#open.add(own);
    metrics.readers(options.kind, 1);
    const end = () => {
      options.signal.removeEventListener("abort", end);
      own.abort();
      if (this.#open.delete(own)) metrics.readers(options.kind, -1);
    };
    if (options.signal.aborted) end();
    else options.signal.addEventListener("abort", end);
    return whileOpen(stream, end);
  }

  /** Ends every reader. */
  [Symbol.dispose](): void {
    for (const own of this.#open) own.abort();
  }
}

async function* whileOpen<T>(stream: AsyncIterable<T>, end: () => void): AsyncGenerator<T, void, void> {
  try {
    yield* stream;
  } finally {
    end();
  }
}
