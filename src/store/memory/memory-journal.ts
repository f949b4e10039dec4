import { setImmediate } from "node:timers/promises";
import type { ChangeSet } from "../../model/index.js";
import type { CompactionMark, Journal, JournalEntry, Sealed } from "../journal.js";

/** How many change sets one read answers, and one drop takes. */
const PIECE = 1_000;

/** An entry as it is. It counts for nothing: nothing is encoded. */
interface Kept extends Sealed {
  readonly entry: JournalEntry;
}

/** A journal that writes nowhere: history lies in memory, up to what the retention keeps, and ends with the process. */
export class MemoryJournal implements Journal<Kept> {
  readonly kind = "memory";
  /** In order and without gaps. */
  #history: ChangeSet[] = [];

  seal(entry: JournalEntry): Kept {
    return { entry, bytes: 0 };
  }

  async append(batch: readonly Kept[]): Promise<void> {
    await setImmediate(); // as a disk would: lets everybody else have a turn
    for (const { entry } of batch) if (entry.changeSet) this.#history.push(entry.changeSet);
  }

  async recover(): Promise<void> {}

  async read(from: bigint, through: bigint): Promise<Iterable<ChangeSet>> {
    const start = this.#indexOf(from);
    if (start < 0) return [];
    return this.#history.slice(start, Math.min(start + PIECE, this.#indexOf(through) + 1));
  }

  async lastBefore(timeMs: number, after: bigint): Promise<CompactionMark | undefined> {
    let last: ChangeSet | undefined;
    for (let index = Math.max(0, this.#indexOf(after + 1n)); index < this.#history.length; index++) {
      const changeSet = this.#history[index];
      if (!changeSet || changeSet.committedAtMs > timeMs) break;
      last = changeSet;
    }
    return last;
  }

  async committedAtMs(revision: bigint): Promise<number | undefined> {
    return this.#history[this.#indexOf(revision)]?.committedAtMs;
  }

  async mark(): Promise<void> {}

  async nextDrop(revision: bigint): Promise<(() => Promise<void>) | undefined> {
    const end = this.#indexOf(revision) + 1;
    if (end <= 0) return undefined;
    return async () => {
      this.#history = this.#history.slice(end);
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#history = [];
  }

  /** Where a revision lies in the history, below 0 when it is gone. */
  #indexOf(revision: bigint): number {
    const first = this.#history[0];
    return first ? Number(revision - first.revision) : -1;
  }
}
