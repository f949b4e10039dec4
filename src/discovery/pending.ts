import type { ServiceUpdate } from "./discovery.js";
import { MergedUpdates } from "./merge.js";
import type { ViewChange } from "./view-index.js";

interface Entry {
  readonly target: number;
  readonly change: ViewChange;
}

/** What waited, as one. */
export interface Taken {
  readonly revision: bigint;
  readonly committedAtMs: number;
  readonly updates: readonly ServiceUpdate[];
  readonly merged: number;
}

/**
 * What one watch has not been asked for yet: a short list of objects that it shares with others who wait for the same.
 *
 * When the list gets long it is let go, and only the revision is kept after which the reader is to be told from history. So a
 * reader who stands still costs nothing more, neither memory nor work, however long he stands and however much changes.
 */
export class PendingChanges {
  #entries: Entry[] = [];
  #size = 0;
  #lostAfter: bigint | undefined;
  readonly #maxKept: number;
  readonly #shared: SharedTakes | undefined;

  /**
   * @param maxKept changes that are kept for a reader who does not ask; beyond them he is told from history when he does.
   * @param shared where equal takes of watches with one and the same view are kept; omitted for several targets.
   */
  constructor(maxKept: number, shared?: SharedTakes) {
    this.#maxKept = maxKept;
    this.#shared = shared;
  }

  get empty(): boolean {
    return this.#entries.length === 0 && this.#lostAfter === undefined;
  }

  /** True when a change waits in which panic plays a part. */
  get panicked(): boolean {
    return this.#entries.some(({ change }) => change.updates.some(({ panicBefore, panic }) => panicBefore || panic));
  }

  /** What came after this revision was let go; undefined while everything that waits is here. */
  get lostAfter(): bigint | undefined {
    return this.#lostAfter;
  }

  /** Takes one commit's change of one target; never waits. */
  offer(target: number, change: ViewChange): void {
    if (this.#lostAfter !== undefined) return;
    this.#entries.push({ target, change });
    this.#size += change.size;
    const oldest = this.#entries[0];
    if (this.#size <= this.#maxKept || !oldest || this.#entries.length === 1) return;
    this.clear();
    this.#lostAfter = oldest.change.revision - 1n;
  }

  /** All that waits, as one; undefined when nothing does, or when it was let go. */
  take(): Taken | undefined {
    const entries = this.#entries;
    const [oldest, newest] = [entries[0]?.change, entries.at(-1)?.change];
    if (!oldest || !newest) return undefined;
    this.clear();
    const make = () => merge(entries, newest);
    return this.#shared ? this.#shared.get(oldest, newest, make) : make();
  }

  /** Forgets all: it is told in another way. */
  clear(): void {
    this.#entries = [];
    this.#size = 0;
    this.#lostAfter = undefined;
  }
}

/**
 * Takes of one view, by the changes that they span: a thousand watches of one service that are told the same get one object,
 * made and encoded once.
 */
export class SharedTakes {
  static readonly #CAPACITY = 8;
  readonly #takes: { oldest: ViewChange; newest: ViewChange; taken: Taken }[] = [];

  /** The take from `oldest` to `newest`, made when nobody made it lately. */
  get(oldest: ViewChange, newest: ViewChange, make: () => Taken): Taken {
    for (const known of this.#takes) if (known.oldest === oldest && known.newest === newest) return known.taken;
    const taken = make();
    this.#takes.unshift({ oldest, newest, taken });
    this.#takes.length = Math.min(this.#takes.length, SharedTakes.#CAPACITY);
    return taken;
  }
}

function merge(entries: readonly Entry[], newest: ViewChange): Taken {
  const merged = new MergedUpdates();
  for (const { target, change } of entries) for (const update of change.updates) merged.add(target, update);
  const { revision, committedAtMs } = newest;
  return { revision, committedAtMs, updates: merged.updates(), merged: merged.replaced };
}
