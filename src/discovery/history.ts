import { setImmediate } from "node:timers/promises";
import type { ChangeSet } from "../model/index.js";
import type { Store } from "../store/index.js";
import { instanceBytes, serviceBytes } from "./pieces.js";

/** How many change sets are handed out before everybody else has a turn. */
const TURN = 256n;

/** Options of the recent history. */
export interface HistoryOptions {
  readonly store: Store;
  /** The most changes that are kept in memory. */
  readonly capacity: number;
  /** About how many bytes they may hold together, in their encoding. Default 64 MiB. */
  readonly maxBytes?: number;
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;

interface Recent {
  readonly changeSet: ChangeSet;
  readonly bytes: number;
}

/**
 * What was committed lately, in memory: watchers who reconnect are served from here, and only who was away for longer reads
 * the store's log. It spares a thousand watchers who return after a restart a thousand reads of the same log.
 */
export class History {
  readonly #store: Store;
  readonly #capacity: number;
  readonly #maxBytes: number;
  /** Contiguous, oldest first; the first `#dropped` are forgotten, and their places wait to be cut off. */
  #recent: (Recent | undefined)[] = [];
  #dropped = 0;
  #changes = 0;
  #bytes = 0;
  /** The end of the line of those who read. */
  #turns: Promise<unknown> = Promise.resolve();

  constructor(options: HistoryOptions) {
    this.#store = options.store;
    this.#capacity = options.capacity;
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  }

  /** Reads the newest history back, as a restart needs it. `revision` is the newest durable one. */
  async load(revision: bigint): Promise<void> {
    const { compactedRevision } = this.#store.status();
    const wanted = revision - BigInt(this.#capacity);
    const after = wanted > compactedRevision ? wanted : compactedRevision;
    if (after >= revision) return;
    for await (const changeSet of this.#store.changes({ after })) {
      if (changeSet.revision > revision) break;
      this.push(changeSet);
    }
  }

  /** Takes the newest change set in; the oldest go when there are too many changes, or too large ones. */
  push(changeSet: ChangeSet): void {
    const bytes = bytesOf(changeSet);
    this.#recent.push({ changeSet, bytes });
    this.#changes += changeSet.changes.length;
    this.#bytes += bytes;
    while (this.#isFull() && this.#recent.length - this.#dropped > 1) this.#dropOldest();
    if (this.#dropped > 1024 && this.#dropped * 2 > this.#recent.length) {
      this.#recent = this.#recent.slice(this.#dropped);
      this.#dropped = 0;
    }
  }

  #isFull(): boolean {
    return this.#changes > this.#capacity || this.#bytes > this.#maxBytes;
  }

  #dropOldest(): void {
    const oldest = this.#recent[this.#dropped];
    this.#changes -= oldest?.changeSet.changes.length ?? 0;
    this.#bytes -= oldest?.bytes ?? 0;
    this.#recent[this.#dropped++] = undefined;
  }

  /** True when history after `revision` can be read at all. */
  reaches(revision: bigint): boolean {
    return revision >= this.#store.status().compactedRevision;
  }

  /**
   * Every change set with after < revision <= until, in order.
   *
   * Readers take turns, one in each round of the event loop: a thousand who return at once keep nobody else waiting.
   *
   * @throws DomainError REVISION_OUT_OF_RANGE when that history is gone, also when it goes while it is read.
   */
  async *between(after: bigint, until: bigint, signal: AbortSignal): AsyncIterable<ChangeSet> {
    let last = after;
    for (let turn = this.#turn(last, until); turn; turn = this.#turn(last, until)) {
      yield* turn;
      last += BigInt(turn.length);
      if (last >= until) return;
      await this.#wait();
      signal.throwIfAborted();
    }
    for await (const changeSet of this.#store.changes({ after: last, signal })) {
      if (changeSet.revision > until) return;
      yield changeSet;
    }
  }

  /** What comes next of the recent ones, as much as one turn takes; undefined where they do not reach. */
  #turn(after: bigint, until: bigint): ChangeSet[] | undefined {
    return this.#slice(after, until - after > TURN ? after + TURN : until);
  }

  #wait(): Promise<unknown> {
    this.#turns = this.#turns.then(() => setImmediate());
    return this.#turns;
  }

  #slice(after: bigint, until: bigint): ChangeSet[] | undefined {
    if (after >= until) return [];
    const first = this.#recent[this.#dropped]?.changeSet;
    if (!first || first.revision > after + 1n) return undefined;
    const start = this.#dropped + Number(after + 1n - first.revision);
    const slice = this.#recent.slice(start, start + Number(until - after));
    return slice.flatMap((recent) => recent?.changeSet ?? []);
  }
}

/** What a change set keeps in memory that nobody else does: how things stood before belongs to an earlier one. */
function bytesOf({ changes }: ChangeSet): number {
  let bytes = 0;
  for (const { after } of changes) {
    if (after) bytes += after.kind === "instance" ? instanceBytes(after.value) : serviceBytes(after.value);
  }
  return bytes;
}
