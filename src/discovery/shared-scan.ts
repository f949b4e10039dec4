import { setImmediate } from "node:timers/promises";
import type { ChangeSet } from "../model/index.js";
import type { Store } from "../store/index.js";

/** How many change sets are handed out before everybody else has a turn. */
const TURN = 1_024;
/** Scans at once: who needs little does not wait for who needs all of a long log. */
const MAX_SCANS = 4;
/** A reader so little ahead of a scan, in revisions, waits for it; who is further ahead has a scan of his own. */
const NEAR = 10_000n;

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

/** One way through the log. */
interface Scan {
  /** The revision that it reads next. */
  next: bigint;
}

interface Reader extends Reading {
  next: bigint;
  /** The scan that serves him; undefined while he waits for one. */
  scan: Scan | undefined;
  readonly done: (error?: unknown) => void;
}

/**
 * Reads the store's log together for all who want parts of it at about the same time.
 *
 * Readers who fell behind are many at once, and need nearly the same. Each for itself would read and decode the same records:
 * 250 of them held the processor for more than a minute. So a scan serves everybody whose next revision it comes to, and ends
 * when it serves nobody.
 */
export class SharedScan {
  readonly #store: Pick<Store, "changes">;
  readonly #closed: AbortSignal;
  readonly #readers = new Set<Reader>();
  readonly #scans = new Set<Scan>();
  #handedOut = 0;
  #starting: Promise<void> | undefined;

  /** @param closed aborts when nobody is to be served any more. */
  constructor(store: Pick<Store, "changes">, closed: AbortSignal) {
    this.#store = store;
    this.#closed = closed;
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
      this.#readers.add({ ...reading, next: reading.after + 1n, scan: undefined, done });
      this.#starting ??= this.#start();
    });
  }

  /** Begins scans for those who need one; a moment later, so that all who come in this turn are there. */
  async #start(): Promise<void> {
    await setImmediate();
    this.#starting = undefined;
    while (this.#scans.size < MAX_SCANS) {
      const first = this.#first();
      if (!first) return;
      const scan = { next: first.next };
      first.scan = scan;
      this.#scans.add(scan);
      void this.#run(scan);
    }
  }

  /** Of those who wait for a scan, and whom none will soon come to, the one furthest behind. */
  #first(): Reader | undefined {
    let first: Reader | undefined;
    for (const reader of this.#readers)
      if (!reader.scan && !this.#isNear(reader.next) && (!first || reader.next < first.next)) first = reader;
    return first;
  }

  #isNear(next: bigint): boolean {
    for (const scan of this.#scans) if (scan.next <= next && next - scan.next <= NEAR) return true;
    return false;
  }

  async #run(scan: Scan): Promise<void> {
    const from = scan.next;
    try {
      for await (const changeSet of this.#store.changes({ after: from - 1n, signal: this.#closed })) {
        if (changeSet.revision !== scan.next)
          throw new RangeError(`revision ${scan.next} is missing in the log of changes`);
        if (!this.#handOut(scan, changeSet)) break;
        if (this.#handedOut < TURN) continue;
        this.#handedOut = 0;
        await setImmediate();
      }
      // Where it ended after something it may go on: the log has grown since.
      if (scan.next === from) throw new RangeError(`the log of changes ends before revision ${from}`);
    } catch (error) {
      for (const reader of this.#readers) if (reader.next === scan.next) this.#drop(reader, error);
    }
    this.#scans.delete(scan);
    for (const reader of this.#readers) if (reader.scan === scan) reader.scan = undefined;
    if (this.#readers.size > 0) this.#starting ??= this.#start();
  }

  /** False when it served nobody who needs more. */
  #handOut(scan: Scan, changeSet: ChangeSet): boolean {
    scan.next = changeSet.revision + 1n;
    let wanted = false;
    for (const reader of this.#readers) {
      if (reader.signal.aborted) this.#drop(reader, reader.signal.reason);
      else if (reader.next === changeSet.revision) wanted = this.#give(reader, scan, changeSet) || wanted;
    }
    return wanted;
  }

  /** True when the reader needs more. */
  #give(reader: Reader, scan: Scan, changeSet: ChangeSet): boolean {
    this.#handedOut++;
    reader.scan = scan;
    reader.next++;
    try {
      reader.take(changeSet);
    } catch (error) {
      this.#drop(reader, error);
      return false;
    }
    if (reader.next <= reader.until) return true;
    this.#drop(reader);
    return false;
  }

  #drop(reader: Reader, error?: unknown): void {
    this.#readers.delete(reader);
    reader.done(error);
  }
}
