import type { Catalogue } from "./catalogue.js";
import type { ServiceUpdate, Target, Viewer, WatchBatch } from "./discovery.js";
import { MergedUpdates } from "./merge.js";
import type { DiscoveryMetrics } from "./metrics.js";
import { PendingChanges, SharedTakes, type Taken } from "./pending.js";
import { pieces } from "./pieces.js";
import type { ServiceChanges } from "./service-changes.js";
import type { View } from "./view.js";
import type { Subscriber, ViewChange, ViewIndex } from "./view-index.js";
import type { Narrator } from "./watch.js";

/** Options of what a watch of targets says. */
export interface TargetNarratorOptions {
  readonly catalogue: Catalogue;
  readonly views: ViewIndex;
  readonly targets: readonly Target[];
  readonly viewer: Viewer;
  readonly batches: SharedBatches;
  readonly metrics: DiscoveryMetrics;
  readonly wallMs: () => number;
  /** Called when there is something new to say. */
  readonly onPending: () => void;
}

/** What a watch of instances says: full sets of its targets, then what changed in them. */
export class TargetNarrator implements Narrator<WatchBatch>, Subscriber {
  readonly #options: TargetNarratorOptions;
  /** The view of each target, in the order of the targets. */
  readonly #views: readonly View[];
  readonly #pending: PendingChanges;
  #folding = new MergedUpdates();
  #foldedAtMs = 0;

  constructor(options: TargetNarratorOptions) {
    this.#options = options;
    const { targets, viewer, views, batches } = options;
    this.#views = targets.map((target, index) => views.subscribe(target, viewer, this, index));
    const [only] = this.#views;
    this.#pending = new PendingChanges(only && targets.length === 1 ? batches.takesOf(only) : undefined);
  }

  get pending(): boolean {
    return !this.#pending.empty;
  }

  offer(target: number, change: ViewChange): void {
    this.#pending.offer(target, change);
  }

  offered(): void {
    this.#options.onPending();
  }

  full(): WatchBatch[] {
    this.#pending.clear();
    const { catalogue } = this.#options;
    const cut = pieces(this.#views.flatMap((view, target) => this.#fullSets(view, target)));
    return toBatches(cut, { revision: catalogue.revision, committedAtMs: 0, merged: 0, synced: true, reset: true });
  }

  fold(changes: readonly ServiceChanges[], committedAtMs: number): void {
    for (const [target, view] of this.#views.entries()) {
      for (const service of changes) {
        const update = concerns(view, service) ? view.project(service) : undefined;
        if (!update) continue;
        this.#folding.add(target, update);
        this.#foldedAtMs = committedAtMs;
      }
    }
  }

  folded(revision: bigint): WatchBatch[] {
    const updates = this.#folding.updates();
    const merged = this.#folding.replaced;
    const committedAtMs = updates.length > 0 ? this.#foldedAtMs : 0;
    this.#folding = new MergedUpdates();
    return toBatches(pieces(updates), { revision, committedAtMs, merged, synced: true, reset: false });
  }

  take(): WatchBatch[] {
    const taken = this.#pending.take();
    if (!taken || taken.updates.length === 0) return [];
    const { metrics, batches, wallMs } = this.#options;
    metrics.delivered(taken.updates, taken.merged, wallMs() - taken.committedAtMs);
    return [...batches.of(taken)];
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

  #fullSets(view: View, target: number): ServiceUpdate[] {
    const { namespace, service } = view.target;
    const set = (name: string, put: ServiceUpdate["put"], exists: boolean): ServiceUpdate => {
      return { target, namespace, service: name, exists, reset: true, put, removed: [], panic: false };
    };
    if (service === "*") {
      const entries = [...this.#options.catalogue.entries(namespace)];
      return entries.map((entry) => set(entry.service.name, view.select(entry), true));
    }
    const entry = this.#options.catalogue.entry({ namespace, name: service });
    return [set(service, entry ? view.select(entry) : [], entry !== undefined)];
  }
}

/** Batches that many watches are told alike, made once so that they are encoded once. */
export class SharedBatches {
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

function concerns(view: View, changes: ServiceChanges): boolean {
  const { namespace, service } = view.target;
  return namespace === changes.namespace && (service === "*" || service === changes.name);
}
