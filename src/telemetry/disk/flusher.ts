import type { Clock, Timer } from "../../stream/index.js";
import type { Disk, DiskBatch } from "./disk.js";

/** A batch that a source wants written. */
export interface Collected extends DiskBatch {
  /** Told once: whether it is on the database now. */
  readonly settled: (written: boolean) => void;
}

/** What has something to write from time to time. */
export interface Source {
  /** The next batch, of a bounded size; undefined when nothing waits. */
  collect(): Collected | undefined;
}

/** Options of a flusher. */
export interface FlusherOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** How long a record waits to be written with others, in milliseconds. */
  readonly intervalMs: number;
}

/** Writes what its sources collect: together, some time after the first record came, or when a reader asks. */
export class Flusher {
  readonly #options: FlusherOptions;
  readonly #sources: Source[] = [];
  #timer: Timer | undefined;
  #tail: Promise<void> = Promise.resolve();

  constructor(options: FlusherOptions) {
    this.#options = options;
  }

  /** Adds a source; sources are asked in this order. */
  add(source: Source): void {
    this.#sources.push(source);
  }

  /** A source has something: it is written within the interval. */
  touch(): void {
    this.#timer ??= this.#options.clock.after(this.#options.intervalMs, () => void this.flush());
  }

  /** Writes everything that the sources hold now; resolves when it is written or lost. Never rejects. */
  flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#tail = this.#tail.then(() => this.#writeAll());
    return this.#tail;
  }

  async #writeAll(): Promise<void> {
    for (const source of this.#sources) {
      for (let batch = source.collect(); batch; batch = source.collect()) {
        const written = await this.#options.disk.write(batch);
        batch.settled(written);
        if (!written) break;
      }
    }
  }
}
