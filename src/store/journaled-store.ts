import type { ChangeSet, EntityKey, SessionRecord } from "../model/index.js";
import { writeBackup } from "./backup/write-backup.js";
import { Compactor } from "./compactor.js";
import { outOfRange } from "./faults.js";
import { GroupCommit } from "./group-commit.js";
import { readHistory } from "./history.js";
import type { CompactionMark, Journal, Sealed } from "./journal.js";
import { Ledger, type LedgerState } from "./ledger.js";
import { Listeners } from "./listeners.js";
import { resolveLimits, type StoreOptions } from "./options.js";
import type { Commit, Committed, Snapshot, Store, StoreStatus } from "./store.js";

/** What tells this store from others. */
export interface Identity {
  readonly storeId: string;
  /** 32 random bytes. */
  readonly secret: Uint8Array;
}

/** Options of a store over a journal. */
export interface JournaledStoreOptions<S extends Sealed> extends StoreOptions {
  readonly journal: Journal<S>;
  readonly identity: Identity;
  /** What the journal holds. */
  readonly state: LedgerState;
  readonly compacted: CompactionMark;
}

/** A store: its state in a ledger, its commits in a journal. Everything that is the same for every journal is here. */
export class JournaledStore<S extends Sealed> implements Store {
  readonly secret: Uint8Array;
  readonly #options: JournaledStoreOptions<S>;
  readonly #ledger: Ledger;
  readonly #group: GroupCommit<S>;
  readonly #compactor: Compactor<S>;
  readonly #feed: Listeners<readonly ChangeSet[]>;
  #closing: Promise<void> | undefined;

  constructor(options: JournaledStoreOptions<S>) {
    const limits = resolveLimits(options);
    const ledger = new Ledger(options.state);
    this.#options = options;
    this.secret = options.identity.secret;
    this.#ledger = ledger;
    this.#feed = new Listeners(options.log);
    this.#group = new GroupCommit({
      ...options,
      ...limits,
      ledger,
      publish: (changeSets) => this.#publish(changeSets),
    });
    const compactedRevision = options.compacted.revision;
    this.#compactor = new Compactor({ ...options, ...limits, ledger, group: this.#group, compactedRevision });
    this.#gauge();
  }

  status(): StoreStatus {
    return {
      kind: this.#options.journal.kind,
      revision: this.#ledger.revision,
      compactedRevision: this.#compactor.revision,
      writable: this.#group.writable,
    };
  }

  peek(key: EntityKey) {
    return this.#ledger.peek(key);
  }

  peekInstances(serviceKey: EntityKey): Iterable<EntityKey> {
    return this.#ledger.peekInstances(serviceKey);
  }

  commit(commit: Commit): Promise<Committed> {
    return this.#group.commit(commit);
  }

  sessions(): readonly SessionRecord[] {
    return this.#ledger.sessions();
  }

  subscribe(listener: (changeSets: readonly ChangeSet[]) => void): () => void {
    return this.#feed.add(listener);
  }

  snapshot(): Snapshot {
    return this.#ledger.snapshot();
  }

  changes(options: { readonly after: bigint; readonly signal?: AbortSignal }): AsyncIterable<ChangeSet> {
    const through = this.#ledger.revision;
    const compactedRevision = () => this.#compactor.revision;
    const { after, signal } = options;
    if (after < compactedRevision() || after > through) throw outOfRange(after, compactedRevision(), through);
    return readHistory({ journal: this.#options.journal, compactedRevision, after, through, signal });
  }

  async compact(revision: bigint): Promise<bigint> {
    const compacted = await this.#compactor.compact(revision);
    this.#gauge();
    return compacted;
  }

  beforeCompaction(listener: (revision: bigint) => void): () => void {
    return this.#compactor.onBefore(listener);
  }

  backup(options: { readonly signal?: AbortSignal } = {}): AsyncIterable<Uint8Array> {
    const { identity, clock } = this.#options;
    const { storeId } = identity;
    return writeBackup({ snapshot: this.snapshot(), storeId, takenAtMs: clock.wallMs(), signal: options.signal });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#group.close();
    await this.#compactor.close();
    await this.#options.journal[Symbol.asyncDispose]();
  }

  #publish(changeSets: readonly ChangeSet[]): void {
    this.#gauge();
    this.#feed.tell(changeSets);
  }

  #gauge(): void {
    const { metrics } = this.#options;
    const { revision, compactedRevision } = this.status();
    const { services, instances } = this.#ledger.counts;
    metrics.revision.set(Number(revision));
    metrics.compactedRevision.set(Number(compactedRevision));
    metrics.historyRevisions.set(Number(revision - compactedRevision));
    metrics.entities.set({ kind: "service" }, services);
    metrics.entities.set({ kind: "instance" }, instances);
  }
}
