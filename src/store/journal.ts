import type { ChangeSet, Entity, EntityKey, SessionRecord } from "../model/index.js";
import type { SessionWrite } from "./store.js";

/** What of a commit has to be made durable. */
export interface JournalEntry {
  /** Absent when the commit writes session records alone. */
  readonly changeSet?: ChangeSet;
  readonly sessions: readonly SessionWrite[];
}

/** An entry in the form in which its journal writes it. */
export interface Sealed {
  /** How many bytes it takes in a batch. */
  readonly bytes: number;
}

/** How far history was forgotten. */
export interface CompactionMark {
  readonly revision: bigint;
  /** When `revision` was committed: wall clock, milliseconds since the epoch. */
  readonly committedAtMs: number;
}

/** The durable state, for a journal that has to put right what a failed write left. */
export interface DurableView {
  readonly revision: bigint;
  entity(key: EntityKey): Entity | undefined;
  session(id: string): SessionRecord | undefined;
}

/**
 * What makes commits durable and remembers them: the one thing in which stores differ.
 *
 * `append`, `mark` and what `nextDrop` answers write, and never run while another of them is under way. When one of them
 * fails, nothing is written before `recover` succeeded.
 */
export interface Journal<S extends Sealed> extends AsyncDisposable {
  /** "level", "memory". */
  readonly kind: string;

  /** Encodes an entry, once, when its commit is accepted. */
  seal(entry: JournalEntry): S;

  /** Makes a batch durable: all of it or nothing. */
  append(batch: readonly S[]): Promise<void>;

  /** Makes writing possible again after a failure, and undoes what the failed write may have left behind. */
  recover(durable: DurableView): Promise<void>;

  /**
   * Part of history in order: from `from` on, at least one change set unless it is gone, none after `through`. They are
   * decoded as they are taken.
   */
  read(from: bigint, through: bigint): Promise<Iterable<ChangeSet>>;

  /** Where history can end so that nothing before `timeMs` is left: undefined when everything after `after` is younger. */
  lastBefore(timeMs: number, after: bigint): Promise<CompactionMark | undefined>;

  /** When a revision of history was committed. Undefined when it is gone. */
  committedAtMs(revision: bigint): Promise<number | undefined>;

  /** Makes durable that history begins after `mark`. */
  mark(mark: CompactionMark): Promise<void>;

  /** Finds a bounded piece of the history up to `revision` and answers the write that drops it; undefined when none is left. */
  nextDrop(revision: bigint): Promise<(() => Promise<void>) | undefined>;
}
