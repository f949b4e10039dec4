import type { Instance, InstanceRef, Locality, Service, ServiceRef } from "../model/index.js";

/** A compiled filter. Two filters with the same text must select the same, so that watches can share work by text. */
export interface Filter<T> {
  readonly text: string;
  /** False also when it cannot be evaluated (a label that is not there). Must not throw. */
  matches(value: T): boolean;
}

/** What a consumer asks about. */
export interface Target {
  readonly namespace: string;
  /** A name, or "*" for every service of the namespace (watches only). */
  readonly service: string;
  readonly filter?: Filter<Instance>;
  /** Only this endpoint of each instance; instances without it are left out. Empty means all. */
  readonly endpointName: string;
}

/** Who looks: decides priorities and what is left out. */
export interface Viewer {
  readonly locality?: Locality;
  readonly consumer: string;
  readonly includeUnhealthy: boolean;
}

/** An instance as one viewer sees it. Immutable and shared between viewers who see the same. */
export interface Discovered {
  /** With the chosen endpoint alone, when the target names one. */
  readonly instance: Instance;
  /** 0 is best. */
  readonly priority: number;
  readonly effectiveWeight: number;
}

/** A target's instances at a revision. */
export interface Resolution {
  readonly revision: bigint;
  readonly exists: boolean;
  /** By priority, then id. */
  readonly instances: readonly Discovered[];
  readonly panic: boolean;
}

/** What changed for one target and service. */
export interface ServiceUpdate {
  readonly target: number;
  readonly namespace: string;
  readonly service: string;
  readonly exists: boolean;
  /** Forget what you hold of this service and target: put is the full set. */
  readonly reset: boolean;
  readonly put: readonly Discovered[];
  /** Ids that left, or match no longer. */
  readonly removed: readonly string[];
  readonly panic: boolean;
}

/** One response of a watch; see WatchResponse in discovery.proto. Immutable, and shared between watches that are told the same. */
export interface WatchBatch {
  /** 0n on a piece that is continued. */
  readonly revision: bigint;
  readonly updates: readonly ServiceUpdate[];
  readonly synced: boolean;
  /** When the newest change in it was committed; 0 without changes. */
  readonly committedAtMs: number;
  readonly merged: number;
  readonly reset: boolean;
}

export interface WatchOptions {
  /** 1 or more. */
  readonly targets: readonly Target[];
  readonly viewer: Viewer;
  /** Resume after this; 0n starts with full sets. */
  readonly afterRevision: bigint;
  readonly bookmarkIntervalMs: number;
  /** Ends the watch: the iteration finishes without an error. */
  readonly signal: AbortSignal;
}

export interface ServicesBatch {
  readonly revision: bigint;
  readonly reset: boolean;
  readonly put: readonly ListedService[];
  readonly removed: readonly ServiceRef[];
  readonly synced: boolean;
}

export interface WatchServicesOptions {
  /** A name, or "*" for every namespace. */
  readonly namespace: string;
  readonly filter?: Filter<Service>;
  readonly afterRevision: bigint;
  readonly bookmarkIntervalMs: number;
  readonly signal: AbortSignal;
}

/** A service with its counts at the moment of reading. */
export interface ListedService {
  readonly service: Service;
  readonly instanceCount: number;
  readonly servingCount: number;
  /** True when so few take calls that those that only probes or callers condemned are returned too. */
  readonly panic: boolean;
}

/** Services that one commit changed, in themselves or in their instances, and its wall clock. */
export type ChangeListener = (services: readonly ServiceRef[], committedAtMs: number) => void;

/**
 * The read side: the catalogue in memory, kept from the store's feed, and everything that is derived from it.
 *
 * Reads are synchronous and show durable state alone; `revision` says which.
 */
export interface Discovery extends AsyncDisposable {
  /** The revision that reads show. */
  readonly revision: bigint;
  /** Resolves when reads show at least `revision`. @throws DomainError REVISION_NOT_REACHED when `signal` aborts before. */
  reached(revision: bigint, signal: AbortSignal): Promise<void>;

  getService(ref: ServiceRef): ListedService | undefined;
  getInstance(ref: InstanceRef): Instance | undefined;
  /** Sorted by namespace and name. "*" means every namespace. */
  listServices(namespace: string): ListedService[];
  /** Sorted by namespace, service and id. "*" means every namespace; an empty service means every one. */
  listInstances(namespace: string, service: string): Instance[];
  counts(): { readonly services: number; readonly instances: number; readonly watches: number };

  resolve(target: Target, viewer: Viewer): Resolution;
  /** As `resolve`, for what is derived from it: it is not counted as somebody's question. */
  select(target: Target, viewer: Viewer): Resolution;
  /** Subscribed when it returns, before the first `next()`. Each batch is handed out only when it is asked for. */
  watch(options: WatchOptions): AsyncIterable<WatchBatch>;
  watchServices(options: WatchServicesOptions): AsyncIterable<ServicesBatch>;
  /**
   * Tells of each commit, after reads show it, which services it changed. In the same turn: the listener must be quick, and must
   * not throw. Answers how to stop.
   */
  onChange(listener: ChangeListener): () => void;
  /** Ends every watch with a last bookmark, as a graceful stop does. */
  endWatches(): void;
}
