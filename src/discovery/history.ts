import { setImmediate } from "node:timers/promises";
import type { Logger } from "pino";
import { type ChangeSet, DomainError } from "../model/index.js";
import type { Store } from "../store/index.js";
import { instanceBytes, serviceBytes } from "./pieces.js";
import { type Reading, SharedScan } from "./shared-scan.js";

/** How many change sets are handed out before everybody else has a turn. */
const TURN = 256n;

/** Options of the recent history. */
export interface HistoryOptions {
  readonly store: Store;
  readonly log: Logger;
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
export class History implements Disposable {
  readonly #store: Store;
  readonly #log: Logger;
  readonly #capacity: number;
  readonly #maxBytes: number;
  /** Contiguous, oldest first; the first `#dropped` are forgotten, and their places wait to be cut off. */
  #recent: (Recent | undefined)[] = [];
  #dropped = 0;
  #changes = 0;
  #bytes = 0;
  /** Set while the history of earlier runs is read back. */
  #loading: Promise<void> | undefined;
  readonly #closed = new AbortController();
  readonly #scan: SharedScan;
  /** The end of the line of those who read. */
  #turns: Promise<unknown> = Promise.resolve();

  constructor(options: HistoryOptions) {
    this.#store = options.store;
    this.#log = options.log;
    this.#scan = new SharedScan(options.store, this.#closed.signal);
    this.#capacity = options.capacity;
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  }

  /**
   * Begins to read back what was committed up to `revision`, the newest durable one, as a restart needs it. The plane serves
   * meanwhile; only readers of history wait. Where it cannot be read, they go to the store, which tells them.
   *
   * Compaction runs already: where it overtakes the reading, what is left of history is read anew.
   */
  load(revision: bigint): void {
    this.#loading = this.#load(revision)
      .catch((error: unknown) => {
        if (this.#closed.signal.aborted) return;
        this.#log.warn({ err: error }, "recent history is not in memory: watches that resume read it from the disk");
      })
      .finally(() => {
        this.#loading = undefined;
      });
  }

  async #load(revision: bigint): Promise<void> {
    let earlier: readonly Recent[] | undefined;
    while (!earlier) earlier = await this.#readBack(revision);
    this.#prepend(earlier);
  }

  /** Undefined when compaction overtook it, and has told so: to read on until it does would keep everybody waiting. */
  async #readBack(revision: bigint): Promise<readonly Recent[] | undefined> {
    const { compactedRevision } = this.#store.status();
    const wanted = revision - BigInt(this.#capacity);
    const after = wanted > compactedRevision ? wanted : compactedRevision;
    const earlier: Recent[] = [];
    if (after >= revision) return earlier;
    const take = (changeSet: ChangeSet) => earlier.push({ changeSet, bytes: bytesOf(changeSet) });
    try {
      await this.#scan.read({ after, until: revision, signal: this.#closed.signal, take });
      return earlier;
    } catch (error) {
      if (isGone(error) && this.#store.status().compactedRevision > after) return undefined;
      throw error;
    }
  }

  /** Puts what was read back before what came meanwhile, unless that is so much that its beginning is forgotten already. */
  #prepend(earlier: readonly Recent[]): void {
    const recent = this.#recent.slice(this.#dropped);
    const last = earlier.at(-1)?.changeSet.revision;
    const next = recent[0]?.changeSet.revision;
    if (last === undefined || (next !== undefined && next !== last + 1n)) return;
    this.#recent = [...earlier, ...recent];
    this.#dropped = 0;
    for (const { changeSet, bytes } of earlier) this.#count(changeSet, bytes);
    this.#dropSurplus();
  }

  [Symbol.dispose](): void {
    this.#closed.abort();
  }

  /** Takes the newest change set in; the oldest go when there are too many changes, or too large ones. */
  push(changeSet: ChangeSet): void {
    const bytes = bytesOf(changeSet);
    this.#recent.push({ changeSet, bytes });
    this.#count(changeSet, bytes);
    this.#dropSurplus();
  }

  #count({ changes }: ChangeSet, bytes: number): void {
    this.#changes += changes.length;
    this.#bytes += bytes;
  }

  #dropSurplus(): void {
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
   * Has `take` called with every change set with after < revision <= until, in order.
   *
   * Readers take turns, one in each round of the event loop, and read the disk together: a thousand who return at once keep
   * nobody else waiting.
   *
   * @throws DomainError REVISION_OUT_OF_RANGE when that history is gone, also when it goes while it is read; the signal's
   * reason when it aborts.
   */
  async read({ after, until, signal, take }: Reading): Promise<void> {
    await this.#loading;
    let last = after;
    while (last < until) {
      signal.throwIfAborted();
      const oldest = this.#oldest(until);
      if (oldest > last) {
        await this.#scan.read({ after: last, until: oldest, signal, take });
        last = oldest;
        continue;
      }
      const turn = this.#slice(last, until - last > TURN ? last + TURN : until);
      if (turn.length === 0) throw new RangeError(`revision ${last + 1n} is not in history yet`);
      for (const changeSet of turn) take(changeSet);
      last += BigInt(turn.length);
      if (last < until) await this.#wait();
    }
  }

  /** What is after it is in memory; `until` where nothing up to there is. */
  #oldest(until: bigint): bigint {
    const first = this.#recent[this.#dropped]?.changeSet.revision;
    return first === undefined || first > until ? until : first - 1n;
  }

  #wait(): Promise<unknown> {
    this.#turns = this.#turns.then(() => setImmediate());
    return this.#turns;
  }

  #slice(after: bigint, until: bigint): ChangeSet[] {
    const start = this.#dropped + Number(after - this.#oldest(until));
    const slice = this.#recent.slice(start, start + Number(until - after));
    return slice.flatMap((recent) => recent?.changeSet ?? []);
  }
}

/** True for the error of a reader whose history was compacted. */
export function isGone(error: unknown): boolean {
  return error instanceof DomainError && error.fault.reason === "REVISION_OUT_OF_RANGE";
}

/** What a change set keeps in memory that nobody else does: how things stood before belongs to an earlier one. */
function bytesOf({ changes }: ChangeSet): number {
  let bytes = 0;
  for (const { after } of changes) {
    if (after) bytes += after.kind === "instance" ? instanceBytes(after.value) : serviceBytes(after.value);
  }
  return bytes;
}
