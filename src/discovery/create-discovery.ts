import type { Logger } from "pino";
import { type ChangeSet, DomainError, type Instance, type Service } from "../model/index.js";
import type { Store } from "../store/index.js";
import type { Clock } from "../stream/index.js";
import { Bookmarks } from "./bookmarks.js";
import { Catalogue, type ServiceEntry } from "./catalogue.js";
import type {
  ChangeListener,
  Discovery,
  ListedService,
  Resolution,
  ServicesBatch,
  Target,
  Viewer,
  WatchBatch,
  WatchOptions,
  WatchServicesOptions,
} from "./discovery.js";
import { History } from "./history.js";
import { Looks } from "./looks.js";
import type { DiscoveryMetrics, DiscoverySources } from "./metrics.js";
import { panicking, panics, withPanic } from "./panic.js";
import { RevisionWaiters } from "./revision-waiters.js";
import { byService } from "./service-changes.js";
import { ServicesNarrator } from "./services-narrator.js";
import { SharedBatches, TargetNarrator } from "./target-narrator.js";
import { View } from "./view.js";
import { ViewIndex } from "./view-index.js";
import { type Narrator, WatchStream } from "./watch.js";

/** What the read side needs. */
export interface DiscoveryOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: DiscoveryMetrics;
  /** Newest changes kept in memory for watches that resume. Default 100,000, and never more than some 64 MiB of them. */
  readonly historyCapacity?: number;
  /** Changes that wait for the reader of one watch; beyond them he is told from history when he asks. Default 512. */
  readonly maxPendingChanges?: number;
  /** 0 to below 1; spreads bookmarks. Default Math.random. */
  readonly random?: () => number;
}

/** What the whole room does with a watch of either kind. */
type OpenWatch = Pick<WatchStream<unknown>, "behind" | "bookmarkBefore" | "finish" | "end">;

/** Loads the catalogue from the store and follows its feed from there on. */
export function createDiscovery(options: DiscoveryOptions): StoreDiscovery {
  const discovery = new StoreDiscovery(options);
  discovery.load();
  return discovery;
}

/** `Discovery` over a store. Make it with `createDiscovery`. */
export class StoreDiscovery implements Discovery {
  readonly #options: DiscoveryOptions;
  readonly #catalogue = new Catalogue();
  readonly #looks = new Looks();
  readonly #views = new ViewIndex(this.#looks);
  readonly #batches = new SharedBatches();
  readonly #waiters = new RevisionWaiters();
  readonly #history: History;
  readonly #bookmarks: Bookmarks;
  readonly #watches = new Set<OpenWatch>();
  readonly #serviceWatches = new Set<ServicesNarrator>();
  readonly #listeners = new Set<ChangeListener>();
  #unsubscribe: (() => void)[] = [];
  /** The revision that the catalogue began with. */
  #loadedAt = 0n;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    const { store, log, historyCapacity = 100_000 } = options;
    this.#history = new History({ store, log, capacity: historyCapacity });
    this.#bookmarks = new Bookmarks({ clock: options.clock, ...(options.random && { random: options.random }) });
  }

  /** Takes the state over; called once. */
  load(): void {
    const { store } = this.#options;
    this.#catalogue.load(store.snapshot());
    // Subscribed in the tick of the snapshot, so that nothing falls between them.
    this.#unsubscribe = [
      store.subscribe((changeSets) => this.#publish(changeSets)),
      store.beforeCompaction((revision) => this.#beforeCompaction(revision)),
    ];
    this.#loadedAt = this.#catalogue.revision;
  }

  /**
   * Begins to read recent history back into memory; called once, when everything serves: it costs as much as reading the
   * state. Until then who resumes reads the store's log.
   */
  recallHistory(): void {
    this.#history.load(this.#loadedAt);
  }

  get revision(): bigint {
    return this.#catalogue.revision;
  }

  /** For the metrics that are read when asked for. */
  sources(): DiscoverySources {
    return {
      services: () => this.#catalogue.counts().services,
      instances: () => this.#catalogue.counts().instances,
      views: () => this.#views.size,
      panicking: () => [...this.#catalogue.entries("*")].filter(panics).length,
      behind: () => [...this.#watches].filter((watch) => watch.behind).length,
    };
  }

  async reached(revision: bigint, signal: AbortSignal): Promise<void> {
    if (await this.#waiters.wait(revision, this.revision, signal)) return;
    throw new DomainError({ reason: "REVISION_NOT_REACHED", wanted: revision, current: this.revision });
  }

  getService(ref: { namespace: string; name: string }): ListedService | undefined {
    const entry = this.#catalogue.entry(ref);
    return entry && listed(entry);
  }

  getInstance(ref: { namespace: string; service: string; id: string }): Instance | undefined {
    return this.#catalogue.instance(ref);
  }

  listServices(namespace: string): ListedService[] {
    return [...this.#catalogue.entries(namespace)].map(listed).sort((a, b) => compareServices(a.service, b.service));
  }

  listInstances(namespace: string, service: string): Instance[] {
    const all: Instance[] = [];
    const entries = [...this.#catalogue.entries(namespace)].sort((a, b) => compareServices(a.service, b.service));
    for (const entry of entries) {
      if (service !== "" && entry.service.name !== service) continue;
      for (const instance of [...entry.instances.values()].sort((a, b) => (a.id < b.id ? -1 : 1))) all.push(instance);
    }
    return all;
  }

  counts(): { services: number; instances: number; watches: number } {
    return { ...this.#catalogue.counts(), watches: this.#watches.size };
  }

  resolve(target: Target, viewer: Viewer): Resolution {
    this.#options.metrics.resolved();
    return this.select(target, viewer);
  }

  select(target: Target, viewer: Viewer): Resolution {
    const entry = this.#catalogue.entry({ namespace: target.namespace, name: target.service });
    const instances = entry ? new View(target, viewer, this.#looks).select(entry) : [];
    return {
      revision: this.revision,
      exists: entry !== undefined,
      instances,
      panic: entry !== undefined && panics(entry),
    };
  }

  watch(options: WatchOptions): AsyncIterable<WatchBatch> {
    let stream: WatchStream<WatchBatch> | undefined;
    const narrator = new TargetNarrator({
      catalogue: this.#catalogue,
      views: this.#views,
      targets: options.targets,
      viewer: options.viewer,
      batches: this.#batches,
      metrics: this.#options.metrics,
      wallMs: () => this.#options.clock.wallMs(),
      maxPending: this.#options.maxPendingChanges ?? 512,
      onPending: () => stream?.wake(),
    });
    stream = this.#open("instances", narrator, options);
    return stream;
  }

  watchServices(options: WatchServicesOptions): AsyncIterable<ServicesBatch> {
    let stream: WatchStream<ServicesBatch> | undefined;
    const narrator = new ServicesNarrator({
      catalogue: this.#catalogue,
      namespace: options.namespace,
      ...(options.filter && { filter: options.filter }),
      onPending: () => stream?.wake(),
      onUnsubscribe: () => this.#serviceWatches.delete(narrator),
    });
    this.#serviceWatches.add(narrator);
    stream = this.#open("services", narrator, options);
    return stream;
  }

  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  endWatches(): void {
    for (const watch of this.#watches) watch.finish();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const watch of this.#watches) watch.end();
    this.#bookmarks[Symbol.dispose]();
    this.#history[Symbol.dispose]();
  }

  #open<Batch>(
    kind: "instances" | "services",
    narrator: Narrator<Batch>,
    options: { afterRevision: bigint; bookmarkIntervalMs: number; signal: AbortSignal },
  ): WatchStream<Batch> {
    const { metrics } = this.#options;
    const stream: WatchStream<Batch> = new WatchStream({
      narrator,
      history: this.#history,
      bookmarks: this.#bookmarks,
      revision: () => this.#catalogue.revision,
      afterRevision: options.afterRevision,
      bookmarkIntervalMs: options.bookmarkIntervalMs,
      signal: options.signal,
      onStarted: (how) => metrics.started(how),
      onClose: () => {
        metrics.watching(kind, -1);
        this.#watches.delete(stream);
      },
    });
    metrics.watching(kind, 1);
    this.#watches.add(stream);
    if (options.signal.aborted) stream.end();
    return stream;
  }

  #publish(changeSets: readonly ChangeSet[]): void {
    for (const changeSet of changeSets) {
      const sorted = byService(changeSet);
      const panicBefore = panicking(this.#catalogue, sorted);
      this.#catalogue.apply(changeSet);
      const changes = withPanic(this.#catalogue, sorted, panicBefore);
      this.#history.push(changeSet);
      for (const watch of this.#serviceWatches) watch.offer(changes, changeSet.revision);
      this.#views.publish(changes, changeSet.revision, changeSet.committedAtMs);
      for (const listener of this.#listeners) listener(changes, changeSet.committedAtMs);
    }
    this.#waiters.reached(this.revision);
  }

  #beforeCompaction(revision: bigint): void {
    for (const watch of this.#watches) watch.bookmarkBefore(revision);
  }
}

function listed(entry: ServiceEntry): ListedService {
  const { service, instances, serving } = entry;
  return { service, instanceCount: instances.size, servingCount: serving, panic: panics(entry) };
}

function compareServices(a: Service, b: Service): number {
  if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}
