import type { ChangeSet } from "../model/index.js";
import type { Bookmarks } from "./bookmarks.js";
import { type History, isGone } from "./history.js";
import type { ServiceChanges } from "./service-changes.js";
import { byService } from "./service-changes.js";

/** What one kind of watch says: how state, history and changes become batches. */
export interface Narrator<Batch> {
  /** All state at the catalogue's revision, in pieces, the first with `reset`, the last with the revision and `synced`. Pending changes are part of it. */
  full(): Batch[];
  /** Begins to fold history, for `fold` and `folded`. */
  fold(changes: readonly ServiceChanges[], committedAtMs: number): void;
  /** What was folded, in pieces, the last with `revision` and, where it completes the initial state, `synced`. */
  folded(revision: bigint, synced: boolean): Batch[];
  /** True when changes wait to be told. */
  readonly pending: boolean;
  /** What waits, in pieces; empty when it turns out that there is nothing to tell. */
  take(): Batch[];
  /** Present where changes that wait may be let go; absent where they never are. */
  readonly backlog?: Backlog<Batch>;
  /** A batch that says nothing but "you have all up to here". */
  bookmark(revision: bigint): Batch;
  /** The revision that a batch brings its reader to; 0n for a piece. */
  revisionOf(batch: Batch): bigint;
  /** Ends the subscription. */
  unsubscribe(): void;
}

/** Changes that a reader did not ask for, and that were let go because they were too many. */
export interface Backlog<Batch> {
  /** What came after this revision is to be folded from history; undefined while everything that waits is there. */
  readonly lostAfter: bigint | undefined;
  /** Forgets what waits, because it is about to be told in another way. */
  clear(): void;
  /** For when that history is gone: how everything stands, each service with `reset`, those that are gone among them. */
  restate(): Batch[];
}

/** Options of a watch. */
export interface WatchStreamOptions<Batch> {
  readonly narrator: Narrator<Batch>;
  readonly history: History;
  readonly bookmarks: Bookmarks;
  /** The catalogue's revision, now. */
  readonly revision: () => bigint;
  readonly afterRevision: bigint;
  readonly bookmarkIntervalMs: number;
  readonly signal: AbortSignal;
  /** How the reader was served at first. */
  readonly onStarted: (how: "full" | "resumed") => void;
  readonly onClose: () => void;
}

/**
 * One watch as its reader pulls it: starting -> live -> ended. `finish` lets it say what waits and one bookmark before it ends.
 *
 * Nothing is made before the reader asks, so a reader who does not read costs what waits for him and no more. What waits is the
 * narrator's, which bounds it; pieces that were begun are finished first.
 */
export class WatchStream<Batch> implements AsyncIterableIterator<Batch> {
  readonly #options: WatchStreamOptions<Batch>;
  readonly #subscribedAt: bigint;
  #state: "starting" | "live" | "ended" = "starting";
  #finishing = false;
  #pieces: Batch[] = [];
  #sentRevision = 0n;
  #bookmarkDue = false;
  #waiter: ((result: IteratorResult<Batch> | Promise<IteratorResult<Batch>>) => void) | undefined;
  readonly #onAbort = (): void => this.end();

  constructor(options: WatchStreamOptions<Batch>) {
    this.#options = options;
    this.#subscribedAt = options.revision();
    options.bookmarks.add(this, options.bookmarkIntervalMs);
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** True when changes wait that the reader has not asked for. */
  get behind(): boolean {
    return this.#options.narrator.pending;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Batch>> {
    if (this.#state === "starting") await this.#start();
    else if (this.#pieces.length === 0 && this.#options.narrator.backlog?.lostAfter !== undefined)
      await this.#catchUp();
    const batch = this.#nextBatch();
    if (batch !== undefined) return { value: batch, done: false };
    if (this.#state === "ended") return { value: undefined, done: true };
    return new Promise((resolve) => {
      this.#waiter = resolve;
    });
  }

  async return(): Promise<IteratorResult<Batch>> {
    this.end();
    return { value: undefined, done: true };
  }

  /** Something changed for this watch. */
  wake(): void {
    const waiter = this.#waiter;
    if (!waiter) return;
    if (this.#options.narrator.backlog?.lostAfter === undefined) {
      this.#serve(waiter);
      return;
    }
    this.#waiter = undefined;
    waiter(this.next());
  }

  /** Tells its reader how far he is, unless changes that wait will do so. */
  bookmark(): void {
    this.#bookmarkDue = true;
    this.wake();
  }

  /** As `bookmark`, but only for a reader who does not know that he has everything up to `revision`. */
  bookmarkBefore(revision: bigint): void {
    if (this.#state === "live" && this.#sentRevision < revision) this.bookmark();
  }

  /** Ends it after a last bookmark. */
  finish(): void {
    this.#finishing = true;
    this.bookmark();
  }

  #serve(waiter: (result: IteratorResult<Batch>) => void): void {
    const batch = this.#nextBatch();
    if (batch === undefined && this.#state !== "ended") return;
    this.#waiter = undefined;
    waiter(batch === undefined ? { value: undefined, done: true } : { value: batch, done: false });
  }

  #nextBatch(): Batch | undefined {
    if (this.#state === "ended") return undefined;
    if (this.#pieces.length === 0 && this.#options.narrator.pending) this.#pieces = this.#options.narrator.take();
    const piece = this.#pieces.shift() ?? this.#takeBookmark();
    if (piece === undefined) {
      if (this.#finishing) this.end();
      return undefined;
    }
    const revision = this.#options.narrator.revisionOf(piece);
    if (revision > 0n) {
      this.#sentRevision = revision;
      this.#bookmarkDue = false;
    }
    this.#options.bookmarks.sent(this);
    return piece;
  }

  #takeBookmark(): Batch | undefined {
    if (!this.#bookmarkDue) return undefined;
    this.#bookmarkDue = false;
    const revision = this.#options.revision();
    // An empty store has no revision to resume after: 0 would say that more follows.
    return revision === 0n ? undefined : this.#options.narrator.bookmark(revision);
  }

  /** First batches: full sets, or what was missed since the revision that the reader has. */
  async #start(): Promise<void> {
    const pieces = this.#resumable()
      ? await this.#missed(this.#options.afterRevision, this.#subscribedAt, true)
      : undefined;
    if (this.#state === "ended") return;
    this.#pieces = pieces ?? this.#options.narrator.full();
    this.#options.onStarted(pieces ? "resumed" : "full");
    this.#state = "live";
  }

  /** A reader who stood still while much happened is told as one who was away. */
  async #catchUp(): Promise<void> {
    const { backlog } = this.#options.narrator;
    const after = backlog?.lostAfter;
    if (!backlog || after === undefined) return;
    backlog.clear();
    const pieces = await this.#missed(after, this.#options.revision(), false);
    if (this.#state !== "ended") this.#pieces = pieces ?? backlog.restate();
  }

  #resumable(): boolean {
    const { afterRevision, history } = this.#options;
    return afterRevision > 0n && afterRevision <= this.#subscribedAt && history.reaches(afterRevision);
  }

  /** Undefined when history went while it was read: full sets then, as if it had been gone before. */
  async #missed(after: bigint, until: bigint, synced: boolean): Promise<Batch[] | undefined> {
    const { history, narrator, signal } = this.#options;
    try {
      const take = (changeSet: ChangeSet) => narrator.fold(byService(changeSet), changeSet.committedAtMs);
      await history.read({ after, until, signal, take });
      return narrator.folded(until, synced);
    } catch (error) {
      if (isGone(error)) return undefined;
      this.end();
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  /** Ends it at once, without another word. */
  end(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#pieces = [];
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    this.#options.bookmarks.remove(this);
    this.#options.narrator.unsubscribe();
    this.#options.onClose();
    this.#waiter?.({ value: undefined, done: true });
    this.#waiter = undefined;
  }
}
