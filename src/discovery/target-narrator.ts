import type { Catalogue, ServiceEntry } from "./catalogue.js";
import type { ServiceUpdate, Target, Viewer, WatchBatch } from "./discovery.js";
import { FullSets } from "./full-sets.js";
import { MergedUpdates } from "./merge.js";
import type { DiscoveryMetrics } from "./metrics.js";
import { mayPanic, panics } from "./panic.js";
import { PendingChanges, SharedTakes, type Taken } from "./pending.js";
import { pieces } from "./pieces.js";
import type { ServiceChanges } from "./service-changes.js";
import { ToldServices } from "./told-services.js";
import type { View } from "./view.js";
import type { Subscriber, ViewChange, ViewIndex } from "./view-index.js";
import type { Backlog, Narrator } from "./watch.js";

/** Options of what a watch of targets says. */
export interface TargetNarratorOptions {
  readonly catalogue: Catalogue;
  readonly views: ViewIndex;
  readonly targets: readonly Target[];
  readonly viewer: Viewer;
  readonly batches: SharedBatches;
  readonly metrics: DiscoveryMetrics;
  readonly wallMs: () => number;
  /** Changes that wait for a reader; beyond them he is told from history. */
  readonly maxPending: number;
  /** Called when there is something new to say. */
  readonly onPending: () => void;
}

/** What a watch of instances says: full sets of its targets, then what changed in them. */
export class TargetNarrator implements Narrator<WatchBatch>, Backlog<WatchBatch>, Subscriber {
  readonly #options: TargetNarratorOptions;
  /** The view of each target, in the order of the targets. */
  readonly #views: readonly View[];
  readonly #pending: PendingChanges;
  readonly #told: ToldServices;
  /** "namespace/service" -> numbers of the targets that it concerns, "*" as a service for all of them; made when history is folded. */
  #places: Map<string, number[]> | undefined;
  #folding = new MergedUpdates();
  #foldedAtMs = 0;
  /** Panic may have played a part in what was folded: of the past it is not known which services were in it. */
  #mayPanic = false;

  constructor(options: TargetNarratorOptions) {
    this.#options = options;
    const { targets, viewer, views, batches } = options;
    this.#views = targets.map((target, index) => views.subscribe(target, viewer, this, index));
    this.#told = new ToldServices(targets);
    this.#knowAll();
    const [only] = this.#views;
    this.#pending = new PendingChanges(
      options.maxPending,
      only && targets.length === 1 ? batches.takesOf(only) : undefined,
    );
  }

  get pending(): boolean {
    return !this.#pending.empty;
  }

  get backlog(): Backlog<WatchBatch> {
    return this;
  }

  get lostAfter(): bigint | undefined {
    return this.#pending.lostAfter;
  }

  clear(): void {
    this.#pending.clear();
  }

  offer(target: number, change: ViewChange): void {
    this.#pending.offer(target, change);
  }

  offered(): void {
    this.#options.onPending();
  }

  full(): WatchBatch[] {
    this.#told.clear();
    return this.#sets({ synced: true, reset: true });
  }

  restate(): WatchBatch[] {
    return this.#sets({ synced: false, reset: false });
  }

  fold(changes: readonly ServiceChanges[], committedAtMs: number): void {
    for (const service of changes) {
      for (const target of this.#concerned(service)) {
        this.#mayPanic ||= mayPanic(this.#options.catalogue.entry(service), service);
        const update = this.#views[target]?.project(service);
        if (!update) continue;
        this.#folding.add(target, update);
        this.#foldedAtMs = committedAtMs;
      }
    }
  }

  folded(revision: bigint, synced: boolean): WatchBatch[] {
    if (this.#mayPanic || this.#pending.panicked) return this.#afterPanic(synced);
    const updates = this.#folding.updates();
    const merged = this.#folding.replaced;
    const committedAtMs = updates.length > 0 ? this.#foldedAtMs : 0;
    this.#folding = new MergedUpdates();
    this.#told.note(updates);
    if (updates.length > 0 && !synced) this.#count(updates, merged, committedAtMs);
    return toBatches(pieces(updates), { revision, committedAtMs, merged, synced, reset: false });
  }

  take(): WatchBatch[] {
    const taken = this.#pending.take();
    if (!taken || taken.updates.length === 0) return [];
    this.#told.note(taken.updates);
    this.#count(taken.updates, taken.merged, taken.committedAtMs);
    return [...this.#options.batches.of(taken)];
  }

  bookmark(revision: bigint): WatchBatch {
    return this.#options.batches.bookmark(revision);
  }

  revisionOf(batch: WatchBatch): bigint {
    return batch.revision;
  }

  unsubscribe(): void {
    for (const view of this.#views) this.#options.views.unsubscribe(view, this);
    this.#pending.clear();
  }

  /** A reader who resumes knows every service that stands at the revision up to which he is told from history. */
  #knowAll(): void {
    const { catalogue, targets } = this.#options;
    for (const target of this.#told.targets) {
      const entries = catalogue.entries(targets[target]?.namespace ?? "");
      for (const { service } of entries) this.#told.knows(target, service.name);
    }
  }

  /** How everything stands instead of what changed, those that went meanwhile among them. */
  #afterPanic(synced: boolean): WatchBatch[] {
    const gone = this.#folding.updates().filter(({ exists }) => !exists);
    for (const { target, service } of gone) this.#told.knows(target, service);
    return this.#sets({ synced, reset: false });
  }

  #concerned({ namespace, name }: ServiceChanges): number[] {
    this.#places ??= placesOf(this.#options.targets);
    return [...(this.#places.get(`${namespace}/${name}`) ?? []), ...(this.#places.get(`${namespace}/*`) ?? [])];
  }

  #count(updates: readonly ServiceUpdate[], merged: number, committedAtMs: number): void {
    const { metrics, wallMs } = this.#options;
    metrics.delivered(updates, merged, wallMs() - committedAtMs);
  }

  /** How everything stands now; what waits is part of it. */
  #sets({ synced, reset }: Pick<WatchBatch, "synced" | "reset">): WatchBatch[] {
    this.#pending.clear();
    this.#folding = new MergedUpdates(); // what was folded of a history that went is part of it, too
    this.#mayPanic = false;
    const sets = this.#views.flatMap((view, target) => this.#setsOf(view, target));
    const gone = this.#told.goneFrom(sets).map(({ target, service }) => {
      return noService(target, this.#views[target]?.target.namespace ?? "", service);
    });
    const updates = [...sets, ...gone];
    this.#told.note(updates);
    const { revision } = this.#options.catalogue;
    const cut = this.#options.batches.fullSets.pieces(updates);
    return toBatches(cut, { revision, committedAtMs: 0, merged: 0, synced, reset });
  }

  #setsOf(view: View, target: number): ServiceUpdate[] {
    const { namespace, service } = view.target;
    const { catalogue } = this.#options;
    if (service !== "*") {
      const entry = catalogue.entry({ namespace, name: service });
      return [entry ? setOf(target, view, entry) : noService(target, namespace, service)];
    }
    return [...catalogue.entries(namespace)].map((entry) => setOf(target, view, entry));
  }
}

/** Batches that many watches are told alike, made once so that they are encoded once. */
export class SharedBatches {
  readonly fullSets = new FullSets();
  /** take -> its pieces. */
  readonly #batches = new WeakMap<Taken, readonly WatchBatch[]>();
  readonly #takes = new WeakMap<View, SharedTakes>();
  #bookmark: WatchBatch = toBatch([], { revision: 0n, committedAtMs: 0, merged: 0, synced: false, reset: false });

  takesOf(view: View): SharedTakes {
    const known = this.#takes.get(view);
    if (known) return known;
    const takes = new SharedTakes();
    this.#takes.set(view, takes);
    return takes;
  }

  of(taken: Taken): readonly WatchBatch[] {
    const known = this.#batches.get(taken);
    if (known) return known;
    const made = toBatches(pieces(taken.updates), { ...taken, synced: false, reset: false });
    this.#batches.set(taken, made);
    return made;
  }

  bookmark(revision: bigint): WatchBatch {
    if (this.#bookmark.revision !== revision) this.#bookmark = { ...this.#bookmark, revision };
    return this.#bookmark;
  }
}

/** How a service stands, as a view sees it. */
function setOf(target: number, view: View, entry: ServiceEntry): ServiceUpdate {
  const { namespace, name: service } = entry.service;
  const put = view.select(entry);
  return { target, namespace, service, exists: true, reset: true, put, removed: [], panic: panics(entry) };
}

/** That there is no such service. */
function noService(target: number, namespace: string, service: string): ServiceUpdate {
  return { target, namespace, service, exists: false, reset: true, put: [], removed: [], panic: false };
}

type Frame = Omit<WatchBatch, "updates">;

/** The frame's `reset` goes on the first piece; its revision, `synced` and the rest on the last. */
function toBatches(cut: readonly (readonly ServiceUpdate[])[], frame: Frame): WatchBatch[] {
  return cut.map((updates, index) => {
    const reset = frame.reset && index === 0;
    if (index === cut.length - 1) return toBatch(updates, { ...frame, reset });
    return toBatch(updates, { revision: 0n, committedAtMs: 0, merged: 0, synced: false, reset });
  });
}

function toBatch(updates: readonly ServiceUpdate[], frame: Frame): WatchBatch {
  const { revision, synced, committedAtMs, merged, reset } = frame;
  return { revision, updates, synced, committedAtMs, merged, reset };
}

function placesOf(targets: readonly Target[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const [target, { namespace, service }] of targets.entries()) {
    const place = `${namespace}/${service}`;
    const others = places.get(place);
    if (others) others.push(target);
    else places.set(place, [target]);
  }
  return places;
}
