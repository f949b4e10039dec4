import {
  type Change,
  type ChangeSet,
  type Instance,
  type InstanceRef,
  isCondemned,
  type Service,
  type ServiceRef,
  takesCalls,
} from "../model/index.js";
import type { Snapshot } from "../store/index.js";
import type { Discovered } from "./discovery.js";

/** One service and its instances, as they stand. */
export interface ServiceEntry {
  service: Service;
  /** instance id -> instance. */
  readonly instances: Map<string, Instance>;
  /** How many of them consumers may send new calls to. */
  serving: number;
  /** How many take no calls only because probes or callers condemned them. */
  condemned: number;
  /** view key -> what that view selects, until the next change of the service. */
  readonly resolved: Map<string, readonly Discovered[]>;
}

/**
 * All durable state at one revision, by namespace, service and instance.
 *
 * It is changed by `apply` alone, which the store's feed calls; every reader sees whole commits only.
 */
export class Catalogue {
  /** namespace -> service name -> entry. */
  readonly #namespaces = new Map<string, Map<string, ServiceEntry>>();
  #revision = 0n;
  #committedAtMs = 0;
  #services = 0;
  #instances = 0;

  /** The revision that reads show. */
  get revision(): bigint {
    return this.#revision;
  }

  /** Wall clock of the newest commit; 0 for an empty store. */
  get committedAtMs(): number {
    return this.#committedAtMs;
  }

  /** How much there is. */
  counts(): { services: number; instances: number } {
    return { services: this.#services, instances: this.#instances };
  }

  /** Fills an empty catalogue. */
  load(snapshot: Snapshot): void {
    for (const entity of snapshot.entities) {
      if (entity.kind === "service") this.#putService(entity.value);
      else this.#putInstance(entity.value);
    }
    this.#revision = snapshot.revision;
    this.#committedAtMs = snapshot.committedAtMs;
  }

  /** Takes one commit in, whole. */
  apply(changeSet: ChangeSet): void {
    // Services first where they appear, last where they go: an instance never stands without its service.
    for (const change of changeSet.changes) if (change.after?.kind === "service") this.#putService(change.after.value);
    for (const change of changeSet.changes) this.#applyInstance(change);
    for (const change of changeSet.changes) {
      if (!change.after && change.before?.kind === "service") this.#removeService(change.before.value);
    }
    this.#revision = changeSet.revision;
    this.#committedAtMs = changeSet.committedAtMs;
  }

  /** A service's entry; undefined when there is no such service. */
  entry(ref: ServiceRef): ServiceEntry | undefined {
    return this.#namespaces.get(ref.namespace)?.get(ref.name);
  }

  /** Entries of a namespace, or of all with "*", in no particular order. */
  *entries(namespace: string): Iterable<ServiceEntry> {
    if (namespace !== "*") return yield* this.#namespaces.get(namespace)?.values() ?? [];
    for (const services of this.#namespaces.values()) yield* services.values();
  }

  /** An instance; undefined when it is not registered. */
  instance(ref: InstanceRef): Instance | undefined {
    return this.entry({ namespace: ref.namespace, name: ref.service })?.instances.get(ref.id);
  }

  #applyInstance(change: Change): void {
    if (change.after?.kind === "instance") this.#putInstance(change.after.value);
    else if (!change.after && change.before?.kind === "instance") this.#removeInstance(change.before.value);
  }

  #putService(service: Service): void {
    const services = this.#namespaces.get(service.namespace) ?? new Map<string, ServiceEntry>();
    this.#namespaces.set(service.namespace, services);
    const entry = services.get(service.name);
    if (entry) {
      if (entry.service.panicThresholdPercent !== service.panicThresholdPercent) entry.resolved.clear();
      entry.service = service;
      return;
    }
    services.set(service.name, { service, instances: new Map(), serving: 0, condemned: 0, resolved: new Map() });
    this.#services++;
  }

  #removeService(service: Service): void {
    const services = this.#namespaces.get(service.namespace);
    const entry = services?.get(service.name);
    if (!services || !entry) return;
    this.#instances -= entry.instances.size;
    this.#services--;
    services.delete(service.name);
    if (services.size === 0) this.#namespaces.delete(service.namespace);
  }

  #putInstance(instance: Instance): void {
    const entry = this.entry({ namespace: instance.namespace, name: instance.service });
    if (!entry) return;
    const before = entry.instances.get(instance.id);
    entry.instances.set(instance.id, instance);
    count(entry, instance, 1);
    if (before) count(entry, before, -1);
    entry.resolved.clear();
    if (!before) this.#instances++;
  }

  #removeInstance(instance: Instance): void {
    const entry = this.entry({ namespace: instance.namespace, name: instance.service });
    const before = entry?.instances.get(instance.id);
    if (!entry || !before) return;
    entry.instances.delete(instance.id);
    count(entry, before, -1);
    entry.resolved.clear();
    this.#instances--;
  }
}

function count(entry: ServiceEntry, instance: Instance, by: 1 | -1): void {
  if (takesCalls(instance.health)) entry.serving += by;
  else if (isCondemned(instance)) entry.condemned += by;
}
