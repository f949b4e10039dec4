import type { ServiceUpdate } from "./discovery.js";
import { MergedUpdates } from "./merge.js";
import type { ViewChange } from "./view-index.js";

/** Changes beyond which what waits is merged at once instead of when it is taken. */
const MAX_UNMERGED = 512;

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
 * What one watch has not been asked for yet.
 *
 * A reader who keeps up finds a short list of shared objects; for one who does not, the list is merged by instance, so
 * that what is kept is bounded by the instances he sees. Nothing is refused and no other watch waits.
 */
export class PendingChanges {
  #entries: Entry[] = [];
  #size = 0;
  #merged: MergedUpdates | undefined;
  #newest: ViewChange | undefined;
  /** True when one change after another came from a single view, so that others who wait for the same may share the result. */
  readonly #shared: SharedTakes | undefined;

  /** @param shared where equal takes of watches with one and the same view are kept; omitted for several targets. */
  constructor(shared?: SharedTakes) {
    this.#shared = shared;
  }

  get empty(): boolean {
    return this.#newest === undefined;
  }

  /** Takes one commit's change of one target; never waits. */
  offer(target: number, change: ViewChange): void {
    this.#newest = change;
    if (this.#merged) {
      addAll(this.#merged, target, change);
      return;
    }
    this.#entries.push({ target, change });
    this.#size += change.size;
    if (this.#size <= MAX_UNMERGED || this.#entries.length === 1) return;
    this.#merged = mergeAll(this.#entries);
    this.#entries = [];
  }

  /** All that waits, as one; undefined when nothing does. */
  take(): Taken | undefined {
    const newest = this.#newest;
    if (!newest) return undefined;
    const merged = this.#merged;
    const entries = this.#entries;
    this.clear();
    if (merged) return toTaken(merged, newest);
    const oldest = entries[0]?.change ?? newest;
    if (!this.#shared) return toTaken(mergeAll(entries), newest);
    return this.#shared.get(oldest, newest, () => toTaken(mergeAll(entries), newest));
  }

  /** Forgets all: a full set tells it. */
  clear(): void {
    this.#entries = [];
    this.#size = 0;
    this.#merged = undefined;
    this.#newest = undefined;
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

function mergeAll(entries: readonly Entry[]): MergedUpdates {
  const merged = new MergedUpdates();
  for (const { target, change } of entries) addAll(merged, target, change);
  return merged;
}

function addAll(merged: MergedUpdates, target: number, change: ViewChange): void {
  for (const update of change.updates) merged.add(target, update);
}

function toTaken(merged: MergedUpdates, newest: ViewChange): Taken {
  return {
    revision: newest.revision,
    committedAtMs: newest.committedAtMs,
    updates: merged.updates(),
    merged: merged.replaced,
  };
}
