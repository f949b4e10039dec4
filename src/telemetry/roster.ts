import type { Change, ChangeSet, Entity, Health, Service, ServiceRef } from "../model/index.js";
import type { Store } from "../store/index.js";
import { compareNames } from "./compare-names.js";

/** A service and how its instances are. */
export interface RosterEntry {
  readonly service: Service;
  /** health -> instances in it; healths that none is in are left out. */
  readonly instancesByHealth: ReadonlyMap<Health, number>;
}

/** Which services exist and how many instances of each are in which health, kept from the store's feed. */
export class Roster implements Disposable {
  /** service -> how it is; "namespace/name" names it. */
  readonly #entries = new Map<string, { service: Service | undefined; readonly counts: Map<Health, number> }>();
  readonly #listeners = new Set<(changed: ReadonlySet<string>) => void>();
  readonly #unsubscribe: () => void;
  #revision: bigint;

  constructor(store: Store) {
    const snapshot = store.snapshot();
    this.#revision = snapshot.revision;
    for (const entity of snapshot.entities) this.#count(entity, 1);
    this.#unsubscribe = store.subscribe((changeSets) => this.#apply(changeSets));
  }

  /** The revision that it shows. */
  get revision(): bigint {
    return this.#revision;
  }

  /** True for a service that exists. */
  has(ref: ServiceRef): boolean {
    return this.#entries.get(rosterKey(ref))?.service !== undefined;
  }

  /** A service by its key; undefined when it does not exist. */
  get(key: string): RosterEntry | undefined {
    const entry = this.#entries.get(key);
    return entry?.service ? { service: entry.service, instancesByHealth: entry.counts } : undefined;
  }

  /** The services of a namespace, "*" for all, in the order of their namespaces and names. */
  in(namespace: string): RosterEntry[] {
    const wanted: RosterEntry[] = [];
    for (const { service, counts } of this.#entries.values()) {
      if (service && (namespace === "*" || service.namespace === namespace)) {
        wanted.push({ service, instancesByHealth: counts });
      }
    }
    return wanted.sort((a, b) => compareNames(serviceNames(a.service), serviceNames(b.service)));
  }

  /** Calls `listener` with the keys of services that changed, or whose health did; ends with the returned function. */
  onChange(listener: (changed: ReadonlySet<string>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Stops listening to the store. */
  [Symbol.dispose](): void {
    this.#unsubscribe();
  }

  #apply(changeSets: readonly ChangeSet[]): void {
    const changed = new Set<string>();
    for (const { revision, changes } of changeSets) {
      this.#revision = revision;
      for (const change of changes) {
        if (!matters(change)) continue;
        if (change.before) this.#count(change.before, -1);
        const key = change.after ? this.#count(change.after, 1) : undefined;
        const touched = change.after ?? change.before;
        if (touched) changed.add(key ?? entityService(touched));
      }
    }
    if (changed.size > 0) for (const listener of this.#listeners) listener(changed);
  }

  #count(entity: Entity, by: 1 | -1): string {
    const key = entityService(entity);
    const entry = this.#entries.get(key) ?? { service: undefined, counts: new Map<Health, number>() };
    this.#entries.set(key, entry);
    if (entity.kind === "service") entry.service = by === 1 ? entity.value : undefined;
    else countHealth(entry.counts, entity.value.health, by);
    if (!entry.service && entry.counts.size === 0) this.#entries.delete(key);
    return key;
  }
}

/** How the roster names a service. */
export function rosterKey(ref: ServiceRef): string {
  return `${ref.namespace}/${ref.name}`;
}

function serviceNames({ namespace, name }: Service): string[] {
  return [namespace, name];
}

/** Most changes of instances leave their health as it is. */
function matters({ before, after }: Change): boolean {
  if (before?.kind !== "instance" || after?.kind !== "instance") return true;
  return before.value.health !== after.value.health;
}

function entityService(entity: Entity): string {
  if (entity.kind === "service") return rosterKey(entity.value);
  return rosterKey({ namespace: entity.value.namespace, name: entity.value.service });
}

function countHealth(counts: Map<Health, number>, health: Health, by: 1 | -1): void {
  const count = (counts.get(health) ?? 0) + by;
  if (count > 0) counts.set(health, count);
  else counts.delete(health);
}
