import { setImmediate } from "node:timers/promises";
import type { ChangeSet } from "../model/index.js";
import type { Store } from "../store/index.js";

/** How many change sets are handed out before everybody else has a turn. */
const TURN = 1_024;

/** What is read, and by whom. */
export interface Reading {
  /** Everything after this revision … */
  readonly after: bigint;
  /** … up to this one. It must be durable. */
  readonly until: bigint;
  readonly signal: AbortSignal;
  /** Called with one change set after the other, in order. */
  readonly take: (changeSet: ChangeSet) => void;
}

interface Reader extends Reading {
  next: bigint;
  readonly done: (error?: unknown) => void;
}

/**
 * Reads the store's log once for all who want parts of it at about the same time.
 *
 * Readers who fell behind are many at once, and need nearly the same. Each for itself would read and decode the same records:
 * 250 of them held the processor for more than a minute. Who comes while a scan is under way gets on where it is needed, and
 * what was passed already is read in the next one.
 */
export class SharedScan implements Disposable {
  readonly #store: Store;
  readonly #readers = new Set<Reader>();
  readonly #closed = new AbortController();
  #handedOut = 0;
  #running = false;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Resolves when all was taken.
   *
   * @throws DomainError REVISION_OUT_OF_RANGE when that history is gone, also when it goes meanwhile; the signal's reason when
   * it aborts; what the store threw.
   */
  read(reading: Reading): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error?: unknown) => (error === undefined ? resolve() : reject(error));
      this.#readers.add({ ...reading, next: reading.after + 1n, done });
      if (this.#running) return;
      this.#running = true;
      void this.#run();
    });
  }

  [Symbol.dispose](): void {
    this.#closed.abort();
  }

  async #run(): Promise<void> {
    while (this.#readers.size > 0) await this.#scan(this.#first());
    this.#running = false;
  }

  #first(): bigint {
    let first: bigint | undefined;
    for (const { next } of this.#readers) if (first === undefined || next < first) first = next;
    return first ?? 0n;
  }

  /** From a revision on, for as long as somebody needs what comes. */
  async #scan(from: bigint): Promise<void> {
    let next = from;
    try {
      for await (const changeSet of this.#store.changes({ after: from - 1n, signal: this.#closed.signal })) {
        next = changeSet.revision + 1n;
        if (!this.#handOut(changeSet)) return;
        if (this.#handedOut < TURN) continue;
        this.#handedOut = 0;
        await setImmediate();
      }
    } catch (error) {
      this.#end(next, error);
      return;
    }
    // Otherwise the log has grown since, for who came while it was read.
    if (next === from) this.#end(next, new RangeError(`the log of changes ends before revision ${next}`));
  }

  /** False when nobody needs what comes after it. */
  #handOut(changeSet: ChangeSet): boolean {
    let wanted = false;
    for (const reader of this.#readers) {
      if (reader.signal.aborted) this.#drop(reader, reader.signal.reason);
      else if (reader.next === changeSet.revision) this.#give(reader, changeSet);
      if (reader.next > changeSet.revision && this.#readers.has(reader)) wanted = true;
    }
    return wanted;
  }

  #give(reader: Reader, changeSet: ChangeSet): void {
    this.#handedOut++;
    try {
      reader.take(changeSet);
    } catch (error) {
      this.#drop(reader, error);
      return;
    }
    reader.next++;
    if (reader.next > reader.until) this.#drop(reader);
  }

  /** For those who need what could not be read. */
  #end(next: bigint, error: unknown): void {
    for (const reader of this.#readers) if (reader.next === next) this.#drop(reader, error);
  }

  #drop(reader: Reader, error?: unknown): void {
    this.#readers.delete(reader);
    reader.done(error);
  }
}
