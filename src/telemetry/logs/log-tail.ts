import { Signal } from "../../stream/index.js";
import { type LogQuery, logPredicate } from "./log-query.js";
import type { LogRecord } from "./log-record.js";

/** What one response of a tail tells. */
export interface LogTailBatch {
  /** Oldest first in the backlog, then as they arrived. */
  readonly records: readonly LogRecord[];
  /** Dropped for this reader since the last batch. */
  readonly missed: number;
}

/** Options of one tail. */
export interface LogTailOptions {
  readonly query: LogQuery;
  /** How many earlier records come first, 0 or more. */
  readonly backlog: number;
  readonly signal: AbortSignal;
}

/** A batch's most records, and about its most characters. */
const BATCH_RECORDS = 500;
const BATCH_CHARACTERS = 512 * 1024;

/**
 * What one tail has not read yet: a ring that drops its oldest record when it is full.
 *
 * Records are matched as they arrive, so that only those the reader wants take its places or count as missed.
 */
export class LogTail {
  readonly query: LogQuery;
  readonly #matches: (record: LogRecord) => boolean;
  readonly #capacity: number;
  readonly #signal = new Signal();
  #pending: LogRecord[] = [];
  #missed = 0;

  constructor(query: LogQuery, capacity: number) {
    this.query = query;
    this.#matches = logPredicate(query);
    this.#capacity = capacity;
  }

  /** Takes a record if the reader wants it; answers whether another had to go for it. Never waits. */
  offer(record: LogRecord): boolean {
    if (!this.#matches(record)) return false;
    this.#pending.push(record);
    const full = this.#pending.length > this.#capacity;
    if (full) {
      this.#pending.shift();
      this.#missed++;
    }
    this.#signal.notify();
    return full;
  }

  /** The earlier records, then batches as they come, each when it is asked for; ends when `signal` aborts. */
  async *read(backlog: readonly LogRecord[], signal: AbortSignal): AsyncGenerator<LogTailBatch, void, void> {
    const wake = () => this.#signal.notify();
    signal.addEventListener("abort", wake);
    try {
      for (let left = backlog; left.length > 0 && !signal.aborted; ) {
        const count = batchLength(left);
        yield { records: left.slice(0, count), missed: this.#takeMissed() };
        left = left.slice(count);
      }
      while (!signal.aborted) {
        if (this.#pending.length === 0) await this.#signal.wait();
        else yield this.#take();
      }
    } finally {
      signal.removeEventListener("abort", wake);
    }
  }

  #take(): LogTailBatch {
    const count = batchLength(this.#pending);
    const records = this.#pending.slice(0, count);
    this.#pending = this.#pending.slice(count);
    return { records, missed: this.#takeMissed() };
  }

  #takeMissed(): number {
    const missed = this.#missed;
    this.#missed = 0;
    return missed;
  }
}

/** How many records from the front make a batch; at least one. */
function batchLength(records: readonly LogRecord[]): number {
  let count = 0;
  let characters = 0;
  while (count < Math.min(records.length, BATCH_RECORDS) && characters < BATCH_CHARACTERS) {
    characters += size(records[count++]);
  }
  return count;
}

function size(record: LogRecord | undefined): number {
  if (!record) return 0;
  const attributes = Object.entries(record.attributes);
  return attributes.reduce((sum, [key, value]) => sum + key.length + value.length, record.body.length);
}
