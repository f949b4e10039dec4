import {
  type EntityDraft,
  type EntityKey,
  type Instance,
  type InstanceRef,
  instanceKey,
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
  decidePutService,
  decideUpdate,
} from "./decide-change.js";
import { decideRegister, type RegisterDecision, type WantedInstance } from "./decide-register.js";
import { fence } from "./fences.js";
import type { KnownSession } from "./known-session.js";
import type { RegistryLimits } from "./limits.js";
import type { RegistrationOutcome, RegistryMetrics } from "./metrics.js";
import type { InstancePatch, InstanceSpec, Written } from "./registry.js";

/** Options of `Writes`. */
export interface WritesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly metrics: RegistryMetrics;
  readonly limits: RegistryLimits;
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
  readonly #assertFits: (spec: InstanceSpec) => void;

  constructor(options: WritesOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#assertFits = options.assertFits;
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
    const decided = attempt(() => decideUpdate(this.#store, ref, patch, expectedRevision, this.#assertFits));
    if ("refusal" in decided) return await this.refuse(decided.refusal, actor);
    const { decision } = decided;
    if ("standing" in decision) return this.#told(decision.standing, actor);
    const puts: EntityDraft[] = [{ kind: "instance", value: decision.put }];
    const committed = await this.#store.commit({ actor, cause: "update", puts, expect: decision.expect });
    return { value: committed.entities[0]?.value as Instance, revision: committed.revision };
  }

  /** Removes an instance, now or after a drain; 0n when it is not there. @throws DomainError STORE_UNAVAILABLE. */
  async deregister(ref: InstanceRef, drainMs: number, actor: string): Promise<bigint> {
    const decision = decideDeregister(this.#store, ref, drainMs);
    const { revision } = await this.#store.commit(deregisterCommit(decision, instanceKey(ref), actor));
    return decision.kind === "absent" ? 0n : revision;
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

  #decideRegister(wanted: readonly WantedInstance[]): RegisterDecision {
    try {
      return decideRegister(this.#store, wanted, this.#options.clock.wallMs());
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
