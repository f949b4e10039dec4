import type { Logger } from "pino";
import { DomainError } from "../model/index.js";
import type { Clock, Timer } from "../stream/index.js";
import { outOfRange } from "./faults.js";
import type { GroupCommit } from "./group-commit.js";
import type { CompactionMark, Journal, Sealed } from "./journal.js";
import type { Ledger } from "./ledger.js";
import { Listeners } from "./listeners.js";
import type { StoreMetrics } from "./metrics.js";

/** Options of a compactor. */
export interface CompactorOptions<S extends Sealed> {
  readonly ledger: Ledger;
  readonly journal: Journal<S>;
  readonly group: GroupCommit<S>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: StoreMetrics;
  /** How far history was forgotten before. */
  readonly compactedRevision: bigint;
  readonly historyMaxAgeMs: number;
  readonly historyMaxRevisions: number;
  readonly compactionIntervalMs: number;
}

/**
 * Forgets history, a small piece at a time between the batches of commits.
 *
 * First the listeners are told, then the mark is made durable, then reads are refused below it, and only then records go:
 * whoever reads sees all of history or is told that it is gone, also when the process dies in between.
 */
export class Compactor<S extends Sealed> {
  readonly #options: CompactorOptions<S>;
  readonly #listeners: Listeners<bigint>;
  #revision: bigint;
  /** The end of the line: compactions run one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: CompactorOptions<S>) {
    this.#options = options;
    this.#listeners = new Listeners(options.log);
    this.#revision = options.compactedRevision;
    this.#schedule();
  }

  /** History after this revision is readable. */
  get revision(): bigint {
    return this.#revision;
  }

  /** See `Store.beforeCompaction`. */
  onBefore(listener: (revision: bigint) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** See `Store.compact`. Resolves when the mark is durable; the records go afterwards. */
  compact(revision: bigint): Promise<bigint> {
    const current = this.#options.ledger.revision;
    if (revision < 0n || revision > current) return Promise.reject(outOfRange(revision, this.#revision, current));
    const marked = this.#last.then(() => this.#mark(revision));
    this.#last = marked.then(() => this.#drop()).catch((error: unknown) => this.#complain(error));
    return marked;
  }

  /** Stops after the piece that is being dropped; the rest goes with the next compaction. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#last;
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = this.#options.clock.after(this.#options.compactionIntervalMs, () => {
      this.compact(0n)
        .catch((error: unknown) => this.#complain(error))
        .finally(() => this.#schedule());
    });
  }

  async #mark(requested: bigint): Promise<bigint> {
    const mark = requested === 0n ? await this.#retention() : await this.#markAt(requested);
    if (!mark || mark.revision <= this.#revision) return this.#revision;
    this.#listeners.tell(mark.revision);
    await this.#options.group.maintain(() => this.#options.journal.mark(mark));
    this.#revision = mark.revision;
    return mark.revision;
  }

  async #drop(): Promise<void> {
    const { group, journal } = this.#options;
    for (;;) {
      const drop = this.#closed ? undefined : await journal.nextDrop(this.#revision);
      if (!drop) return;
      await group.maintain(drop);
    }
  }

  /** The further of what age and count ask for. */
  async #retention(): Promise<CompactionMark | undefined> {
    const { ledger, journal, clock, historyMaxAgeMs, historyMaxRevisions } = this.#options;
    const byCount = ledger.revision - BigInt(historyMaxRevisions);
    const after = byCount > this.#revision ? byCount : this.#revision;
    const byAge = await journal.lastBefore(clock.wallMs() - historyMaxAgeMs, after);
    return byAge ?? (await this.#markAt(after));
  }

  async #markAt(revision: bigint): Promise<CompactionMark | undefined> {
    if (revision <= this.#revision) return undefined;
    const committedAtMs = await this.#options.journal.committedAtMs(revision);
    return { revision, committedAtMs: committedAtMs ?? this.#options.ledger.committedAtMs };
  }

  #complain(error: unknown): void {
    if (error instanceof DomainError && error.fault.reason === "SHUTTING_DOWN") return;
    this.#options.log.warn({ err: error }, "history could not be compacted; it is tried again");
  }
}
