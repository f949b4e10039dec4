import { setImmediate } from "node:timers/promises";
import type { Logger } from "pino";
import type { ChangeSet } from "../model/index.js";
import type { Clock, Timer } from "../stream/index.js";
import { limitExceeded, RETRY_AFTER_MS, shuttingDown, unavailable } from "./faults.js";
import type { Journal, Sealed } from "./journal.js";
import type { Decision, Ledger } from "./ledger.js";
import type { StoreMetrics } from "./metrics.js";
import type { Commit, Committed } from "./store.js";
import { oneLine } from "./store-open-error.js";

/** The most that one batch takes: more commits wait for the next one. */
const MAX_BATCH_COMMITS = 2_000;
/** A queue of so many commits goes as one batch. */
const WHOLE_QUEUE = 100;
const MAX_BATCH_BYTES = 4 * 1024 * 1024;

/** While the store cannot write, the log says so this often at most. */
const WARN_EVERY_MS = 60_000;

/** Options of a group commit. */
export interface GroupCommitOptions<S extends Sealed> {
  readonly ledger: Ledger;
  readonly journal: Journal<S>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: StoreMetrics;
  readonly maxPendingCommits: number;
  readonly maxPendingBytes: number;
  /** Receives what has become durable, in order, before the commits are answered. Must not throw. */
  readonly publish: (changeSets: readonly ChangeSet[]) => void;
}

/** A commit that waits for the disk. */
interface Pending<S> {
  readonly decision: Decision;
  /** Absent when there is nothing to write: it only waits for its turn. */
  readonly sealed: S | undefined;
  readonly startedMs: number;
  readonly resolve: (committed: Committed) => void;
  readonly reject: (error: unknown) => void;
}

/** Commits that are written together, and of those the ones that have something to write. */
interface Batch<S> {
  readonly pending: readonly Pending<S>[];
  readonly sealed: readonly S[];
}

const NOTHING: Batch<never> = { pending: [], sealed: [] };

/**
 * The one writer of a journal: commits that arrive while a batch is being written share the next one and its one fsync.
 *
 * writable -> (a write failed) -> broken -> (recovered) -> writable. When a write fails, all that waits was decided on
 * state that is void now: it is refused together, the ledger forgets its lead, and nothing is accepted before the journal
 * recovered. So callers are told "nothing happened" and it is true.
 */
export class GroupCommit<S extends Sealed> {
  readonly #options: GroupCommitOptions<S>;
  #queue: Pending<S>[] = [];
  #steps: Step[] = [];
  /** Commits and bytes that wait, those being written among them. */
  #pendingCommits = 0;
  #pendingBytes = 0;
  #writable = true;
  #closed = false;
  #running = false;
  #done: Promise<void> = Promise.resolve();
  #retry: Timer | undefined;
  /** When the log last said that it still cannot write, since it broke. */
  #warnedMs: number | undefined;

  constructor(options: GroupCommitOptions<S>) {
    this.#options = options;
    options.metrics.writable.set(1);
  }

  /** False from a failed write until recovery. */
  get writable(): boolean {
    return this.#writable;
  }

  /** See `Store.commit`. Decides at once, so that the next `peek` sees it. */
  commit(commit: Commit): Promise<Committed> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw shuttingDown();
      const { ledger, journal, clock } = this.#options;
      const decision = ledger.decide(commit, clock.wallMs());
      const writes = decision.changeSet !== undefined || decision.sessions.length > 0;
      if (writes) this.#refuseWhenUnable();
      const sealed = writes ? journal.seal(decision) : undefined;
      ledger.accept(decision);
      this.#enqueue({ decision, sealed, startedMs: clock.monotonicMs(), resolve, reject });
    });
  }

  /** Runs a write of the store's own between two batches. It fails as commits do, and then the store has to recover. */
  maintain<T>(run: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw shuttingDown();
      if (!this.#writable) throw unavailable();
      this.#steps.push({ run: async () => resolve(await run()), reject });
      this.#wake();
    });
  }

  /** Refuses what comes, waits for what came. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    await this.#done;
  }

  #refuseWhenUnable(): void {
    if (!this.#writable) throw unavailable();
    const { maxPendingCommits, maxPendingBytes } = this.#options;
    if (this.#pendingCommits >= maxPendingCommits) throw limitExceeded("max-pending-commits", maxPendingCommits);
    if (this.#pendingBytes >= maxPendingBytes) throw limitExceeded("max-pending-bytes", maxPendingBytes);
  }

  #enqueue(pending: Pending<S>): void {
    if (!pending.sealed && this.#pendingCommits === 0) {
      this.#answer(pending);
      return;
    }
    this.#pendingCommits++;
    this.#pendingBytes += pending.sealed?.bytes ?? 0;
    this.#queue.push(pending);
    this.#wake();
  }

  #wake(): void {
    if (this.#running) return;
    this.#running = true;
    this.#done = this.#run();
  }

  /** Never rejects: each write answers for itself. */
  async #run(): Promise<void> {
    await setImmediate(); // so that all calls which were read from their sockets in this turn share the batch
    while (this.#queue.length > 0 || this.#steps.length > 0) {
      await this.#runStep();
      let written: Batch<S> = NOTHING;
      while (this.#queue.length > 0 && this.#steps.length === 0) written = await this.#writeNext(written);
      this.#settle(written);
      await setImmediate();
    }
    this.#running = false;
  }

  /** Writes the next batch and answers the former only then, so that the disk has work while callers have theirs. */
  async #writeNext(former: Batch<S>): Promise<Batch<S>> {
    const batch = this.#takeBatch();
    const writing = this.#write(batch);
    this.#settle(former);
    return (await writing) ? batch : NOTHING;
  }

  /** At most half of a long queue: the other half is for the disk while those of the first are answered. */
  #takeBatch(): Batch<S> {
    const most = Math.min(MAX_BATCH_COMMITS, Math.max(WHOLE_QUEUE, this.#queue.length >> 1));
    let bytes = 0;
    let end = 0;
    for (const { sealed } of this.#queue) {
      bytes += sealed?.bytes ?? 0;
      if (end === most || (end > 0 && bytes > MAX_BATCH_BYTES)) break;
      end++;
    }
    const pending = this.#queue.splice(0, end);
    return { pending, sealed: pending.flatMap(({ sealed }) => sealed ?? []) };
  }

  async #runStep(): Promise<void> {
    const step = this.#steps.shift();
    try {
      await step?.run();
    } catch (error) {
      step?.reject(unavailable(error));
      this.#break([], error);
    }
  }

  /** True when the batch is durable; false when it was refused. */
  async #write({ pending, sealed }: Batch<S>): Promise<boolean> {
    try {
      if (sealed.length > 0) await this.#options.journal.append(sealed);
      return true;
    } catch (error) {
      this.#break(pending, error);
      return false;
    }
  }

  #settle({ pending, sealed }: Batch<S>): void {
    if (pending.length === 0) return;
    const { ledger, publish } = this.#options;
    for (const { decision } of pending) ledger.advance(decision);
    this.#release(pending);
    this.#count(pending, sealed);
    const changeSets = pending.flatMap(({ decision }) => decision.changeSet ?? []);
    if (changeSets.length > 0) publish(changeSets);
    for (const one of pending) this.#answer(one);
  }

  #release(batch: readonly Pending<S>[]): void {
    this.#pendingCommits -= batch.length;
    for (const { sealed } of batch) this.#pendingBytes -= sealed?.bytes ?? 0;
  }

  #count(batch: readonly Pending<S>[], sealed: readonly S[]): void {
    const { metrics, clock } = this.#options;
    metrics.pendingCommits.set(this.#pendingCommits);
    if (sealed.length === 0) return;
    const nowMs = clock.monotonicMs();
    metrics.fsyncs.inc();
    metrics.batchCommits.observe(sealed.length);
    metrics.batchBytes.observe(sealed.reduce((sum, { bytes }) => sum + bytes, 0));
    for (const { startedMs } of batch) metrics.commitSeconds.observe((nowMs - startedMs) / 1_000);
  }

  #answer({ decision, resolve, reject }: Pending<S>): void {
    const { ledger } = this.#options;
    const { changeSet, conflict, entities, revision } = decision;
    if (conflict) reject(conflict);
    else
      resolve({
        revision,
        changed: changeSet !== undefined,
        committedAtMs: changeSet?.committedAtMs ?? ledger.committedAtMs,
        entities,
      });
  }

  #break(batch: readonly Pending<S>[], cause: unknown): void {
    const { ledger, log, metrics } = this.#options;
    const refused = [...batch, ...this.#queue];
    const steps = this.#steps;
    this.#queue = [];
    this.#steps = [];
    this.#writable = false;
    this.#warnedMs = undefined;
    metrics.writable.set(0);
    metrics.writeFailures.inc();
    ledger.rollback();
    this.#release(refused);
    metrics.pendingCommits.set(this.#pendingCommits);
    log.error(
      { err: cause, commits: refused.length },
      "the store cannot write: commits are refused until it can again",
    );
    for (const { reject } of [...refused, ...steps]) reject(unavailable(cause));
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#closed) return;
    this.#retry = this.#options.clock.after(RETRY_AFTER_MS, () => {
      this.#done = this.#recover();
    });
  }

  /** Never rejects. */
  async #recover(): Promise<void> {
    const { journal, ledger, log, metrics } = this.#options;
    try {
      await journal.recover(ledger);
    } catch (error) {
      metrics.writeFailures.inc();
      this.#warn(error);
      return this.#retryLater();
    }
    this.#writable = true;
    metrics.writable.set(1);
    log.info("the store writes again");
  }

  /** Without a stack: the failure that broke it was told with one. */
  #warn(error: unknown): void {
    const { clock, log } = this.#options;
    const nowMs = clock.monotonicMs();
    if (this.#warnedMs !== undefined && nowMs - this.#warnedMs < WARN_EVERY_MS) return;
    this.#warnedMs = nowMs;
    log.warn({ error: oneLine(error) }, "the store still cannot write");
  }
}

/** A write of the store's own, with what to tell who waits for it when it cannot run. */
interface Step {
  readonly run: () => Promise<void>;
  readonly reject: (error: unknown) => void;
}
