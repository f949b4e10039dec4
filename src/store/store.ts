import type { Cause, ChangeSet, Entity, EntityDraft, EntityKey, SessionRecord } from "../model/index.js";

/** A condition that a commit states: it happens only if all of them hold. */
export interface Precondition {
  readonly key: EntityKey;
  /** The modRevision that the entity must have; 0n means that it must not exist. */
  readonly modRevision: bigint;
}

/** A session record to keep or to forget, in the same batch as the commit but without a revision of its own. */
export type SessionWrite = { readonly put: SessionRecord } | { readonly delete: string };

/** One atomic write: all of it happens at one revision, or none of it. */
export interface Commit {
  readonly actor: string;
  readonly cause: Cause;
  readonly puts?: readonly EntityDraft[];
  /** Keys that do not exist are passed over. */
  readonly deletes?: readonly EntityKey[];
  readonly expect?: readonly Precondition[];
  readonly sessions?: readonly SessionWrite[];
}

/** What became of a commit. */
export interface Committed {
  /**
   * Its revision. When nothing in the state changed: the store's current one at its turn, so that what it found is how things
   * stood at that revision, whatever was written in the same batch.
   */
  readonly revision: bigint;
  /** True when it changed the state, and so has a revision of its own. */
  readonly changed: boolean;
  readonly committedAtMs: number;
  /** What stands after the commit, in the order of `puts`. */
  readonly entities: readonly Entity[];
}

/** All state at one revision. */
export interface Snapshot {
  readonly revision: bigint;
  readonly committedAtMs: number;
  /** Every service, then every instance. */
  readonly entities: Iterable<Entity>;
  readonly sessions: readonly SessionRecord[];
}

/** How the store is doing. */
export interface StoreStatus {
  /** "level", "memory". */
  readonly kind: string;
  /** Newest durable revision; 0n for an empty store. */
  readonly revision: bigint;
  /** History after this revision is readable: `changes({ after })` takes this or more. */
  readonly compactedRevision: bigint;
  /** False while writes fail (disk full, I/O error). It becomes true again by itself. */
  readonly writable: boolean;
}

/**
 * Where the truth lies: revisioned state, its history, and the feed of its changes.
 *
 * One instance of it is open for as long as the process runs. Commits are linearizable; commits that arrive while one is
 * being written share the next batch and its one fsync. Nothing is published on the feed before it is durable.
 */
export interface Store extends AsyncDisposable {
  /** Random bytes made once for this store, for signing tokens. */
  readonly secret: Uint8Array;

  /** Durable status, now. */
  status(): StoreStatus;

  /**
   * The entity as the next commit would find it. It may be not durable yet, so never show it to anybody: use it to decide
   * what to commit, in the same tick (nothing can come between a `peek` and a `commit` without an `await`).
   */
  peek(key: EntityKey): Entity | undefined;

  /** Keys of the service's instances as the next commit would find them; see `peek`. */
  peekInstances(serviceKey: EntityKey): Iterable<EntityKey>;

  /**
   * Writes atomically and durably. An empty commit changes nothing and takes no revision, but resolves only when all that was
   * committed before it is durable: what `peek` showed may then be told.
   *
   * A put that equals what stands (but for the revisions) is still a change: who wants a no-op leaves it out.
   *
   * @throws DomainError REVISION_CONFLICT when a precondition fails (nothing happens; told only when what it failed on is
   * durable), STORE_UNAVAILABLE when it could not be made durable (nothing happened; it may be retried), LIMIT_EXCEEDED when
   * too much waits for the disk, SHUTTING_DOWN once closed; TypeError when it names a key twice.
   */
  commit(commit: Commit): Promise<Committed>;

  /** Session records as they are durable now. */
  sessions(): readonly SessionRecord[];

  /**
   * Calls `listener` with every durable change set, in order, without gaps, from the next one on; all that follow from one
   * batch come in one call. The listener must not throw and must not wait.
   *
   * @returns a function that ends the subscription.
   */
  subscribe(listener: (changeSets: readonly ChangeSet[]) => void): () => void;

  /** The durable state now, taken without blocking; consistent although writes go on. */
  snapshot(): Snapshot;

  /**
   * History: every change set after `after`, in order, up to the durable revision at the moment of the call.
   *
   * @throws DomainError REVISION_OUT_OF_RANGE when `after` is below `compactedRevision` or above the current revision, at the
   * call; and from the iteration, when compaction overtakes the reader. The signal's reason when it aborts.
   */
  changes(options: { readonly after: bigint; readonly signal?: AbortSignal }): AsyncIterable<ChangeSet>;

  /**
   * Forgets history up to `revision`; 0n means all but what the retention (age and count) keeps. Runs in the background of
   * other work. `beforeCompaction` listeners are told first.
   *
   * @returns the compacted revision after it.
   * @throws DomainError REVISION_OUT_OF_RANGE when `revision` is above the current one.
   */
  compact(revision: bigint): Promise<bigint>;

  /** Calls `listener` before history up to `revision` is dropped: watches send their bookmarks then. Ends with the returned function. */
  beforeCompaction(listener: (revision: bigint) => void): () => void;

  /** A consistent copy of the state at one revision, as chunks of at most 1 MiB of one file; `restore` reads it. */
  backup(options?: { readonly signal?: AbortSignal }): AsyncIterable<Uint8Array>;

  /** Waits for what is being written, refuses more, closes the files. */
  [Symbol.asyncDispose](): Promise<void>;
}
