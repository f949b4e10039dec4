import type { Logger } from "pino";
import {
  type ChangeSet,
  DomainError,
  type EntityKey,
  type Instance,
  type InstanceRef,
  instanceKey,
  type Order,
  type Service,
  type ServiceDraft,
  type ServiceRef,
} from "../model/index.js";
import type { Snapshot, Store } from "../store/index.js";
import type { Clock } from "../stream/index.js";
import { Deadlines, DRAINS, LEASES } from "./deadlines.js";
import type { WantedInstance } from "./decide-register.js";
import { ExpiryGuard, type GuardEvent, type GuardStatus } from "./expiry/expiry-guard.js";
import { hostOfPeer, LeaseClients } from "./expiry/lease-clients.js";
import { instanceAt } from "./head.js";
import { HealthKeeper } from "./health/index.js";
import type { ProbeAddresses } from "./health/probe/addresses.js";
import type { KnownSession } from "./known-session.js";
import { DEFAULT_LIMITS, type RegistryLimits } from "./limits.js";
import type { RegistryMetrics } from "./metrics.js";
import type {
  Caller,
  InstancePatch,
  InstanceSpec,
  ObservedCalls,
  OrderSpec,
  Registration,
  Registry,
  Session,
  SessionEvent,
  SessionOptions,
  Written,
} from "./registry.js";
import { SessionEndings } from "./session-endings.js";
import { followSessions } from "./session-feed.js";
import { Sessions } from "./sessions.js";
import { Writes } from "./writes.js";

/** Options of `createRegistry`. */
export interface RegistryOptions {
  /** Outlives the registry. */
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: RegistryMetrics;
  /** Told of what happens to sessions, in order. Must not throw. */
  readonly onSessionEvent: (event: SessionEvent) => void;
  /** Told when expiry is paused, and when it goes on. Must not throw. */
  readonly onGuardEvent: (event: GuardEvent) => void;
  /**
   * Refuses an instance that is too large: an update brings parts of it, and only here they come together.
   *
   * @throws DomainError FIELDS_INVALID.
   */
  readonly assertFits: (spec: InstanceSpec) => void;
  /** Absent ones are `DEFAULT_LIMITS`. */
  readonly limits?: Partial<RegistryLimits>;
  /** Which addresses may be probed. */
  readonly probeAddresses: ProbeAddresses;
  /** 0 to below 1; spreads probes. Default Math.random. */
  readonly random?: () => number;
}

/**
 * Creates the registry over what is stored: every lease and every drain begins its whole time, every session waits its whole
 * TTL to be resumed.
 */
export function createRegistry(options: RegistryOptions): Registry {
  return new StoreRegistry(options);
}

/** The registry over a store: its parts, joined to each other and to the store's feed. */
class StoreRegistry implements Registry {
  readonly #options: RegistryOptions;
  readonly #health: HealthKeeper;
  readonly #guard: ExpiryGuard;
  readonly #leaseClients: LeaseClients;
  readonly #leases: Deadlines;
  readonly #drains: Deadlines;
  readonly #writes: Writes;
  readonly #endings: SessionEndings;
  readonly #sessions: Sessions;
  /** id -> session. */
  readonly #known = new Map<string, KnownSession>();
  readonly #unsubscribe: () => void;
  #stopped = false;

  constructor(options: RegistryOptions) {
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const shared = { ...options, limits, maxCommitChanges: limits.maxCommitChanges, known: this.#known };
    this.#options = options;
    this.#health = new HealthKeeper({ ...shared, addresses: options.probeAddresses });
    this.#guard = new ExpiryGuard({
      ...options,
      metrics: options.metrics.guard,
      limits: limits.expiryGuard,
      onEvent: options.onGuardEvent,
    });
    this.#leaseClients = new LeaseClients(this.#guard);
    const guard = { clients: this.#leaseClients, mayExpire: () => this.#guard.mayExpire() };
    this.#leases = new Deadlines({ ...shared, ...LEASES, guard });
    this.#drains = new Deadlines({ ...shared, ...DRAINS });
    this.#writes = new Writes({ ...shared, judge: this.#health.judge, leases: this.#leases, sessions: this.#known });
    this.#endings = new SessionEndings({
      ...shared,
      guard: this.#guard,
      onEnded: (session, cause, instances) => this.#sessions.forget(session, EVENT_OF[cause], instances),
    });
    this.#sessions = new Sessions({ ...shared, guard: this.#guard, writes: this.#writes, endings: this.#endings });
    this.#unsubscribe = options.store.subscribe((changeSets) => this.#follow(changeSets));
    this.#restore(options.store.snapshot());
  }

  async putService(
    draft: ServiceDraft,
    expectedRevision: bigint | undefined,
    caller: Caller,
  ): Promise<Written<Service>> {
    this.#assertRunning();
    return await this.#writes.putService(draft, expectedRevision, caller.actor);
  }

  async deleteService(
    ref: ServiceRef,
    options: { readonly cascade: boolean; readonly expectedRevision?: bigint },
    caller: Caller,
  ): Promise<bigint> {
    this.#assertRunning();
    return await this.#writes.deleteService(ref, options, caller.actor);
  }

  async register(registrations: readonly Registration[], caller: Caller): Promise<Written<readonly Instance[]>> {
    this.#assertRunning();
    const written = await this.#writes.register(registrations.map(wantedOf), caller.actor);
    const host = hostOfPeer(caller.address);
    if (host !== "") for (const instance of written.value) this.#leaseClients.heardFrom(instanceKey(instance), host);
    return written;
  }

  async renew(refs: readonly InstanceRef[], caller: Caller): Promise<readonly InstanceRef[]> {
    const missing = refs.filter((ref) => !this.#renew(instanceKey(ref)));
    const { renewals } = this.#options.metrics;
    renewals.inc({ found: "yes" }, refs.length - missing.length);
    renewals.inc({ found: "no" }, missing.length);
    await this.#writes.settled(caller.actor);
    return missing;
  }

  async update(
    ref: InstanceRef,
    patch: InstancePatch,
    expectedRevision: bigint | undefined,
    caller: Caller,
  ): Promise<Written<Instance>> {
    this.#assertRunning();
    return await this.#writes.update(ref, patch, expectedRevision, caller.actor);
  }

  async deregister(ref: InstanceRef, drainMs: number, caller: Caller): Promise<bigint> {
    this.#assertRunning();
    return await this.#writes.deregister(ref, drainMs, caller.actor);
  }

  async orderHealth(
    ref: InstanceRef,
    order: OrderSpec,
    expectedRevision: bigint | undefined,
    caller: Caller,
  ): Promise<Written<Instance>> {
    this.#assertRunning();
    return await this.#writes.order(ref, this.#orderOf(order, caller), expectedRevision, caller.actor);
  }

  async clearOrder(ref: InstanceRef, caller: Caller): Promise<Written<number>> {
    this.#assertRunning();
    const stood = instanceAt(this.#options.store, instanceKey(ref))?.voices?.ordered !== undefined;
    const { revision } = await this.#writes.order(ref, undefined, undefined, caller.actor);
    return { value: Number(stood), revision };
  }

  async drainService(ref: ServiceRef, order: Omit<OrderSpec, "health">, caller: Caller): Promise<Written<number>> {
    this.#assertRunning();
    return await this.#writes.orderAll(ref, this.#orderOf({ ...order, health: "draining" }, caller), caller.actor);
  }

  async clearOrders(ref: ServiceRef, caller: Caller): Promise<Written<number>> {
    this.#assertRunning();
    return await this.#writes.orderAll(ref, undefined, caller.actor);
  }

  observe(calls: Iterable<ObservedCalls>): void {
    if (!this.#stopped) this.#health.observe(calls);
  }

  async openSession(options: SessionOptions): Promise<Session> {
    this.#assertRunning();
    return await this.#sessions.open(options);
  }

  leaseEndsAtMs(ref: InstanceRef): number | undefined {
    const remainingMs = this.#leases.remainingMs(instanceKey(ref));
    return remainingMs === undefined ? undefined : Math.round(this.#options.clock.wallMs() + remainingMs);
  }

  sessionCounts(): { readonly known: number; readonly attached: number } {
    return this.#sessions.counts;
  }

  expiryGuard(): GuardStatus {
    return this.#guard.status;
  }

  probeConnections(): number {
    return this.#health.probeConnections;
  }

  announceStop(withinMs: number): void {
    this.#sessions.announceStop(withinMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#sessions.stop(shuttingDown());
    this.#guard.stop();
    await Promise.all([this.#leases.stop(), this.#drains.stop(), this.#endings.stop(), this.#health.stop()]);
    this.#unsubscribe();
  }

  #restore({ sessions, entities }: Snapshot): void {
    for (const record of sessions) this.#sessions.restore(record);
    for (const { kind, value } of entities) {
      if (kind !== "instance") continue;
      this.#leases.begin(value);
      this.#drains.begin(value);
      this.#sessions.restoreHeld(value);
      this.#health.restore(value);
    }
    this.#countDeadlines();
  }

  #follow(changeSets: readonly ChangeSet[]): void {
    for (const changeSet of changeSets) {
      for (const change of changeSet.changes) {
        if (change.key.startsWith("service/")) continue;
        this.#leases.follow(changeSet.cause, change);
        this.#drains.follow(changeSet.cause, change);
        followSessions({ known: this.#known, metrics: this.#options.metrics }, changeSet, change);
      }
      this.#health.follow(changeSet);
    }
    this.#countDeadlines();
  }

  #orderOf({ health, reason, lastsMs }: OrderSpec, { actor }: Caller): Order {
    const untilMs = lastsMs === undefined ? undefined : this.#options.clock.wallMs() + lastsMs;
    return { health, reason, actor, ...(untilMs !== undefined && { untilMs }) };
  }

  /** True for an instance that needs no registration: one without a lease needs no renewal either. */
  #renew(key: EntityKey): boolean {
    const instance = instanceAt(this.#options.store, key);
    if (instance?.holder.kind === "lease") this.#leases.renew(key);
    return instance !== undefined;
  }

  #countDeadlines(): void {
    this.#options.metrics.leases.set(this.#leases.size);
    this.#options.metrics.draining.set(this.#drains.size);
  }

  #assertRunning(): void {
    if (this.#stopped) throw shuttingDown();
  }
}

const EVENT_OF = { "session-closed": "session.closed", "session-expired": "session.expired" } as const;

function wantedOf({ spec, ttlMs, expectedRevision }: Registration): WantedInstance {
  return { spec, holder: ttlMs > 0 ? { kind: "lease", ttlMs } : { kind: "none" }, expectedRevision };
}

function shuttingDown(): DomainError {
  return new DomainError({ reason: "SHUTTING_DOWN", retryAfterMs: 1_000 });
}
