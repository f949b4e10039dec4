import type { Target, Viewer } from "./discovery.js";
import type { Looks } from "./looks.js";
import type { ServiceChanges } from "./service-changes.js";
import { View, type ViewUpdate, viewKey } from "./view.js";

/** What one commit means to one view. Immutable; every subscriber is handed the same object. */
export interface ViewChange {
  readonly revision: bigint;
  readonly committedAtMs: number;
  readonly updates: readonly ViewUpdate[];
  /** Instances in all updates: what it costs to keep. */
  readonly size: number;
}

/** Who is told of a view's changes. */
export interface Subscriber {
  /** Must not wait and must not throw. `target` is what it gave to `subscribe`. */
  offer(target: number, change: ViewChange): void;
  /** Called once after all offers of one commit. */
  offered(): void;
}

/** A view and those who look through it. */
interface Shared {
  readonly view: View;
  readonly subscribers: Map<Subscriber, number[]>;
}

/**
 * Which views a change concerns: by service, and by namespace for those who watch all of it. A change costs the views
 * that it concerns, and nobody else.
 */
export class ViewIndex {
  readonly #looks: Looks;
  /** view key -> view. */
  readonly #views = new Map<string, Shared>();
  /** "namespace/service" -> views of that service; "namespace/*" -> views of the whole namespace. */
  readonly #byService = new Map<string, Set<Shared>>();

  constructor(looks: Looks) {
    this.#looks = looks;
  }

  /** Views in use; watches that look the same way share one. */
  get size(): number {
    return this.#views.size;
  }

  /** Begins to tell `subscriber` of this target's changes, as number `index` among its targets. */
  subscribe(target: Target, viewer: Viewer, subscriber: Subscriber, index: number): View {
    const key = viewKey(target, viewer);
    const shared = this.#views.get(key) ?? this.#create(key, new View(target, viewer, this.#looks));
    const indexes = shared.subscribers.get(subscriber);
    if (indexes) indexes.push(index);
    else shared.subscribers.set(subscriber, [index]);
    return shared.view;
  }

  /** Ends what `subscribe` began, for all targets that look through this view. */
  unsubscribe(view: View, subscriber: Subscriber): void {
    const shared = this.#views.get(view.key);
    shared?.subscribers.delete(subscriber);
    if (!shared || shared.subscribers.size > 0) return;
    this.#views.delete(view.key);
    const place = placeOf(view.target.namespace, view.target.service);
    const views = this.#byService.get(place);
    views?.delete(shared);
    if (views?.size === 0) this.#byService.delete(place);
  }

  /** Tells everybody whom this commit concerns. */
  publish(changes: readonly ServiceChanges[], revision: bigint, committedAtMs: number): void {
    const told = new Set<Subscriber>();
    for (const [shared, updates] of this.#concerned(changes)) {
      const size = updates.reduce((sum, update) => sum + update.steps.length + 1, 0);
      const change: ViewChange = { revision, committedAtMs, updates, size };
      for (const [subscriber, targets] of shared.subscribers) {
        for (const target of targets) subscriber.offer(target, change);
        told.add(subscriber);
      }
    }
    for (const subscriber of told) subscriber.offered();
  }

  #concerned(changes: readonly ServiceChanges[]): Map<Shared, ViewUpdate[]> {
    const concerned = new Map<Shared, ViewUpdate[]>();
    for (const service of changes) {
      for (const place of [placeOf(service.namespace, service.name), placeOf(service.namespace, "*")]) {
        for (const shared of this.#byService.get(place) ?? []) {
          const update = shared.view.project(service);
          if (!update) continue;
          const updates = concerned.get(shared);
          if (updates) updates.push(update);
          else concerned.set(shared, [update]);
        }
      }
    }
    return concerned;
  }

  #create(key: string, view: View): Shared {
    const shared: Shared = { view, subscribers: new Map() };
    this.#views.set(key, shared);
    const place = placeOf(view.target.namespace, view.target.service);
    const views = this.#byService.get(place);
    if (views) views.add(shared);
    else this.#byService.set(place, new Set([shared]));
    return shared;
  }
}

function placeOf(namespace: string, service: string): string {
  return `${namespace}/${service}`;
}
