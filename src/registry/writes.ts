import {
  type EntityDraft,
  type EntityKey,
  type Instance,
  type InstanceRef,
  instanceKey,
  type Order,
  type Service,
  type ServiceDraft,
  type ServiceRef,
} from "../model/index.js";
import type { Commit, Committed, Store } from "../store/index.js";
import type { Clock } from "../stream/index.js";
import type { Deadlines } from "./deadlines.js";
import {
  type DeregisterDecision,
  decideDeleteService,
  decideDeregister,
  decideOrder,
  decidePutService,
  decideUpdate,
  instancesOf,
} from "./decide-change.js";
import { decideRegister, type RegisterDecision, type WantedInstance } from "./decide-register.js";
import { fence } from "./fences.js";
import { instanceAt } from "./head.js";
import type { Judge } from "./health/index.js";
import type { KnownSession } from "./known-session.js";
import type { RegistryLimits } from "./limits.js";
import type { RegistrationOutcome, RegistryMetrics } from "./metrics.js";
import type { InstancePatch, InstanceSpec, Written } from "./registry.js";

/** Instances that are ordered in one commit: so many fit a response of a watch unless they are very large, and then it is cut. */
const ORDERS_IN_A_COMMIT = 500;

/** Options of `Writes`. */
export interface WritesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly metrics: RegistryMetrics;
  readonly limits: RegistryLimits;
  /** Decides the health of whatever is put. */
  readonly judge: Judge;
  /** Renewed by registering the same again. */
  readonly leases: Deadlines;
  /** id -> session: those that lose an instance are fenced. */
  readonly sessions: ReadonlyMap<string, KnownSession>;
  /** See `RegistryOptions`. */
  readonly assertFits: (spec: InstanceSpec) => void;
}

/**
 * Every write of a client, with a session or without: decided on what the next commit finds, and committed in the same tick.
 *
 * A decision that changes nothing, or refuses, still goes through the store, as an empty commit: what was seen may be told
 * only once it is durable. Nothing may be awaited between a decision and its commit.
 */
export class Writes {
  readonly #options: WritesOptions;
  readonly #store: Store;

  constructor(options: WritesOptions) {
    this.#options = options;
    this.#store = options.store;
  }

  /** Registers all or none. @throws DomainError REVISION_CONFLICT, STORE_UNAVAILABLE. */
  async register(wanted: readonly WantedInstance[], actor: string): Promise<Written<readonly Instance[]>> {
    const decided = attempt(() => this.#decideRegister(wanted));
    if ("refusal" in decided) return await this.refuse(decided.refusal, actor);
    const { decision } = decided;
    for (const instance of decision.standing) if (instance) this.#options.leases.renew(instanceKey(instance));
    const committed = await this.#commitRegister(decision, actor);
    this.#countRegister(decision);
    return { value: standingAfter(decision, committed), revision: committed.revision };
  }

  /** Changes chosen fields. @throws DomainError NOT_FOUND, REVISION_CONFLICT, STORE_UNAVAILABLE. */
  async update(
    ref: InstanceRef,
    patch: InstancePatch,
    expectedRevision: bigint | undefined,
    actor: string,
  ): Promise<Written<Instance>> {
    const decided = attempt(() => decideUpdate(this.#store, ref, patch, expectedRevision, this.#options));
    if ("refusal" in decided) return await this.refuse(decided.refusal, actor);
    const { decision } = decided;
    if ("standing" in decision) return this.#told(decision.standing, actor);
    const puts: EntityDraft[] = [{ kind: "instance", value: decision.put }];
    const committed = await this.#store.commit({ actor, cause: "update", puts, expect: decision.expect });
    return { value: committed.entities[0]?.value as Instance, revision: committed.revision };
  }

  /** Removes an instance, now or after a drain; 0n when it is not there. @throws DomainError STORE_UNAVAILABLE. */
  async deregister(ref: InstanceRef, drainMs: number, actor: string): Promise<bigint> {
    const decision = decideDeregister(this.#store, ref, drainMs, this.#options.judge);
    const { revision } = await this.#store.commit(deregisterCommit(decision, instanceKey(ref), actor));
    return decision.kind === "absent" ? 0n : revision;
  }

  /** Orders a health, or takes the order back. @throws DomainError NOT_FOUND, REVISION_CONFLICT, STORE_UNAVAILABLE. */
  async order(
    ref: InstanceRef,
    order: Order | undefined,
    expectedRevision: bigint | undefined,
    actor: string,
  ): Promise<Written<Instance>> {
    const { judge } = this.#options;
    const decided = attempt(() => decideOrder(this.#store, ref, order, { judge, expectedRevision }));
    if ("refusal" in decided) return await this.refuse(decided.refusal, actor);
    const { decision } = decided;
    if ("standing" in decision) return this.#told(decision.standing, actor);
    const puts: EntityDraft[] = [{ kind: "instance", value: decision.put }];
    const committed = await this.#store.commit({ actor, cause: "override", puts, expect: decision.expect });
    return { value: committed.entities[0]?.value as Instance, revision: committed.revision };
  }

  /**
   * The same for every instance that a service has now; answers for how many something changed.
   *
   * @throws DomainError NOT_FOUND, STORE_UNAVAILABLE: then some may have changed, and doing it again does the rest.
   */
  async orderAll(ref: ServiceRef, order: Order | undefined, actor: string): Promise<Written<number>> {
    const decided = attempt(() => instancesOf(this.#store, ref));
    if ("refusal" in decided) return await this.refuse(decided.refusal, actor);
    const keys = decided.decision;
    let revision = await this.settled(actor);
    let changed = 0;
    for (let start = 0; start < keys.length; start += ORDERS_IN_A_COMMIT) {
      const puts = this.#orderedAmong(keys.slice(start, start + ORDERS_IN_A_COMMIT), order);
      if (puts.length === 0) continue;
      revision = (await this.#store.commit({ actor, cause: "override", puts })).revision;
      changed += puts.length;
    }
    return { value: changed, revision };
  }

  /** Creates or describes a service. @throws DomainError REVISION_CONFLICT, STORE_UNAVAILABLE. */
  async putService(
    draft: ServiceDraft,
    expectedRevision: bigint | undefined,
    actor: string,
  ): Promise<Written<Service>> {
    const decided = attempt(() => decidePutService(this.#store, draft, expectedRevision));
    if ("refusal" in decided) return await this.refuse(decided.refusal, actor);
    const { decision } = decided;
    if ("standing" in decision) return this.#told(decision.standing, actor);
    const puts: EntityDraft[] = [{ kind: "service", value: decision.put }];
    const committed = await this.#store.commit({ actor, cause: "service-put", puts, expect: decision.expect });
    return { value: committed.entities[0]?.value as Service, revision: committed.revision };
  }

  /** Removes a service. @throws DomainError NOT_FOUND; SERVICE_NOT_EMPTY unless `cascade`; REVISION_CONFLICT. */
  async deleteService(
    ref: ServiceRef,
    options: { readonly cascade: boolean; readonly expectedRevision?: bigint },
    actor: string,
  ): Promise<bigint> {
    const decided = attempt(() => decideDeleteService(this.#store, ref, options));
    if ("refusal" in decided) return await this.refuse(decided.refusal, actor);
    const { decision } = decided;
    const { revision } = await this.#store.commit({ actor, cause: "service-deleted", ...decision });
    return revision;
  }

  /** Refuses a request, once what it was refused on is durable. @throws `refusal`; DomainError STORE_UNAVAILABLE. */
  async refuse(refusal: unknown, actor: string): Promise<never> {
    await this.settled(actor);
    throw refusal;
  }

  /**
   * Answers the revision at which things stand as the next commit would find them now, once that is durable.
   *
   * @throws DomainError STORE_UNAVAILABLE.
   */
  async settled(actor: string): Promise<bigint> {
    const { revision } = await this.#store.commit({ actor, cause: "update" });
    return revision;
  }

  /** What stands already, once that is durable. */
  async #told<T>(value: T, actor: string): Promise<Written<T>> {
    return { value, revision: await this.settled(actor) };
  }

  #orderedAmong(keys: readonly EntityKey[], order: Order | undefined): EntityDraft[] {
    const { judge } = this.#options;
    return keys.flatMap((key) => {
      const instance = instanceAt(this.#store, key);
      const decision = instance && decideOrder(this.#store, instance, order, { judge });
      return decision && "put" in decision ? [{ kind: "instance" as const, value: decision.put }] : [];
    });
  }

  #decideRegister(wanted: readonly WantedInstance[]): RegisterDecision {
    try {
      return decideRegister(this.#store, wanted, { judge: this.#options.judge, nowMs: this.#options.clock.wallMs() });
    } catch (error) {
      this.#count("refused", wanted.length);
      throw error;
    }
  }

  async #commitRegister(decision: RegisterDecision, actor: string): Promise<Committed> {
    const { services, instances, expect, taken } = decision;
    const { sessions, limits } = this.#options;
    const fences = fence(sessions, taken, limits.maxFencedPerSession);
    try {
      const puts = [...services, ...instances];
      return await this.#store.commit({ actor, cause: "register", puts, expect, sessions: fences.records });
    } catch (error) {
      fences.undo();
      this.#count("failed", decision.standing.length);
      throw error;
    }
  }

  #countRegister({ standing, instances, replaced }: RegisterDecision): void {
    this.#count("renewed", standing.length - instances.length);
    this.#count("replaced", replaced);
    this.#count("created", instances.length - replaced);
  }

  #count(outcome: RegistrationOutcome, by: number): void {
    if (by > 0) this.#options.metrics.registrations.inc({ outcome }, by);
  }
}

/** A decision, or why there is none. */
function attempt<D>(decide: () => D): { readonly decision: D } | { readonly refusal: unknown } {
  try {
    return { decision: decide() };
  } catch (refusal) {
    return { refusal };
  }
}

/** A removal, a drain, or nothing. */
function deregisterCommit(decision: DeregisterDecision, key: EntityKey, actor: string): Commit {
  if (decision.kind === "remove") return { actor, cause: "deregister", deletes: [key] };
  if (decision.kind !== "drain") return { actor, cause: "deregister" };
  return { actor, cause: "drain", puts: [{ kind: "instance", value: decision.put }] };
}

/** The wanted instances as they stand after the commit, in the order of the request. */
function standingAfter({ standing, services }: RegisterDecision, { entities }: Committed): Instance[] {
  let put = services.length;
  return standing.map((instance) => instance ?? (entities[put++]?.value as Instance));
}
