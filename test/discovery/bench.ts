import pino from "pino";
import { Registry } from "prom-client";
import {
  createDiscovery,
  createDiscoveryMetrics,
  type Discovery,
  type StoreDiscovery,
  type Target,
  type Viewer,
  type WatchBatch,
  type WatchOptions,
} from "../../src/discovery/index.js";
import type { EntityDraft, EntityKey } from "../../src/model/index.js";
import { createStoreMetrics, openMemoryStore, type Store } from "../../src/store/index.js";
import { FakeClock } from "../support/fake-clock.js";
import { Reader } from "./reader.js";

/** A discovery over a memory store, with a clock that a test moves. */
export interface Bench extends AsyncDisposable {
  readonly store: Store;
  readonly clock: FakeClock;
  readonly discovery: StoreDiscovery;
  readonly metrics: Registry;
  put(...drafts: EntityDraft[]): Promise<bigint>;
  remove(...keys: EntityKey[]): Promise<bigint>;
}

/** Opens a bench; another discovery over the same store is a restart. */
export async function openBench(
  options: {
    store?: Store;
    clock?: FakeClock;
    historyCapacity?: number;
    maxPendingChanges?: number;
    recall?: boolean;
  } = {},
): Promise<Bench> {
  const clock = options.clock ?? new FakeClock();
  const log = pino({ level: "silent" });
  const store = options.store ?? (await openMemoryStore({ clock, log, metrics: createStoreMetrics(new Registry()) }));
  const metrics = new Registry();
  let discovery: StoreDiscovery | undefined;
  discovery = createDiscovery({
    store,
    clock,
    log,
    metrics: createDiscoveryMetrics(metrics, () => discovery?.sources()),
    random: () => 0.5,
    ...(options.historyCapacity && { historyCapacity: options.historyCapacity }),
    ...(options.maxPendingChanges && { maxPendingChanges: options.maxPendingChanges }),
  });
  if (options.recall ?? true) discovery.recallHistory();
  const commit = async (write: { puts?: EntityDraft[]; deletes?: EntityKey[] }): Promise<bigint> =>
    (await store.commit({ actor: "test", cause: "register", ...write })).revision;
  return {
    store,
    clock,
    discovery,
    metrics,
    put: (...puts) => commit({ puts }),
    remove: (...deletes) => commit({ deletes }),
    async [Symbol.asyncDispose]() {
      await discovery[Symbol.asyncDispose]();
      if (!options.store) await store[Symbol.asyncDispose]();
    },
  };
}

/** A target in the default namespace. */
export function target(service: string, fields: Partial<Target> = {}): Target {
  return { namespace: "default", service, endpointName: "", ...fields };
}

/** A viewer without a place, who sees what may be called. */
export const ANYBODY: Viewer = { consumer: "", includeUnhealthy: false };

/** A watch that a test reads step by step. */
export class Watcher {
  readonly reader: Reader;
  readonly #abort = new AbortController();
  readonly #batches: AsyncIterator<WatchBatch>;

  constructor(discovery: Discovery, options: Partial<WatchOptions> & Pick<WatchOptions, "targets">, earlier?: Reader) {
    this.reader = new Reader(earlier);
    const defaults = { viewer: ANYBODY, afterRevision: 0n, bookmarkIntervalMs: 30_000, signal: this.#abort.signal };
    this.#batches = discovery.watch({ ...defaults, ...options })[Symbol.asyncIterator]();
  }

  /** The next batch, which the reader takes in; fails when the watch ended. */
  async next(): Promise<WatchBatch> {
    const { done, value } = await this.#batches.next();
    if (done) throw new Error("the watch ended");
    this.reader.take(value);
    return value;
  }

  /** The next batch without taking it in, done or not. */
  raw(): Promise<IteratorResult<WatchBatch>> {
    return this.#batches.next();
  }

  /** Reads until the initial state is complete. */
  async synced(): Promise<this> {
    while (!this.reader.synced) await this.next();
    return this;
  }

  /** Reads until everything up to `revision` is told; the watch must be told by a change or a bookmark. */
  async until(revision: bigint): Promise<this> {
    while (this.reader.revision < revision) await this.next();
    return this;
  }

  stop(): void {
    this.#abort.abort();
  }
}
