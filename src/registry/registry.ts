import type {
  Endpoint,
  Health,
  HealthCheck,
  Instance,
  InstanceRef,
  Locality,
  Service,
  ServiceDraft,
  ServiceRef,
} from "../model/index.js";
import type { GuardStatus } from "./expiry/expiry-guard.js";
import type { ObservedCalls } from "./health/outliers/outliers.js";

export type { GuardEvent, GuardStatus } from "./expiry/expiry-guard.js";
export type { ObservedCalls } from "./health/outliers/outliers.js";

/** Who asks, as the edge knows them. */
export interface Caller {
  /** A token's or certificate's name, or "anonymous". */
  readonly actor: string;
  /** The peer's address and port, for people; empty when unknown. */
  readonly address: string;
}

/** What a client says of an instance that it registers: already validated, defaults filled in. */
export interface InstanceSpec {
  readonly namespace: string;
  readonly service: string;
  readonly id: string;
  readonly endpoints: readonly Endpoint[];
  readonly locality?: Locality;
  readonly weight?: number;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly reportedHealth: Health;
  readonly healthCheck?: HealthCheck;
}

/** New values of chosen fields. Absent means "as it is"; null clears what may be unset. */
export interface InstancePatch {
  readonly endpoints?: readonly Endpoint[];
  readonly locality?: Locality | null;
  readonly weight?: number | null;
  readonly version?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly reportedHealth?: Health;
  readonly healthCheck?: HealthCheck | null;
}

/** An order about an instance's health. */
export interface OrderSpec {
  readonly health: "serving" | "draining" | "not-serving";
  /** Why, for people. */
  readonly reason: string;
  /** When it ends by itself, in milliseconds from now; absent means when it is taken back. */
  readonly lastsMs?: number;
}

/** One registration without a session. */
export interface Registration {
  readonly spec: InstanceSpec;
  /** How long it lives without `renew`; 0 means until deregistered. */
  readonly ttlMs: number;
  /** When set: the instance's modRevision must be this; 0n means it must not exist. */
  readonly expectedRevision?: bigint;
}

/** A durable answer: what stands now, and since which revision it is known to. */
export interface Written<T> {
  readonly value: T;
  /** The write's revision; the store's current one when nothing had to change. */
  readonly revision: bigint;
}

/** What the plane asks of a session's client. */
export type Directive =
  /** Another holder registered this instance: stop serving it under this name. */
  | { readonly kind: "superseded"; readonly instance: InstanceRef }
  /** It was ordered to drain. */
  | { readonly kind: "drain"; readonly instance: InstanceRef }
  /** This server is about to stop: resume elsewhere. */
  | { readonly kind: "reconnect"; readonly withinMs: number };

/** What opens or resumes a session. */
export interface SessionOptions {
  readonly client: string;
  /** 1_000 to 3_600_000; ignored when resuming. */
  readonly ttlMs: number;
  /** From an earlier session: takes it over. Absent opens a new one. */
  readonly resumeToken?: string;
  readonly caller: Caller;
  /** Called for each directive, until the session is detached from this stream. Must not throw. */
  readonly onDirective: (directive: Directive) => void;
  /** Called once when the stream must end although the client did nothing: SESSION_TAKEN_OVER, SHUTTING_DOWN. */
  readonly onDetached: (error: Error) => void;
}

/**
 * One stream's hold on a session: attached -> (closed | broken | detached).
 *
 * `close` ends the session and its instances; `break` leaves them for the TTL; detached means that another stream resumed
 * it, after which every method rejects with SESSION_TAKEN_OVER.
 */
export interface Session {
  readonly id: string;
  readonly resumeToken: string;
  readonly ttlMs: number;
  /** What the session holds, at the moment of opening or resuming. */
  readonly held: readonly InstanceRef[];
  /** Those of `held` that drain: who resumes may have missed the directive. */
  readonly draining: readonly InstanceRef[];
  /**
   * Registers or replaces an instance, which this session then keeps alive. The same again commits nothing.
   *
   * @returns the revision since which it is durable.
   * @throws DomainError SUPERSEDED when another holder took it from this session; REVISION_CONFLICT; STORE_UNAVAILABLE.
   */
  register(spec: InstanceSpec, expectedRevision?: bigint): Promise<bigint>;
  /** As `Registry.update`, but refused with SUPERSEDED for an instance that was taken from this session. */
  update(ref: InstanceRef, patch: InstancePatch, expectedRevision?: bigint): Promise<bigint>;
  /** As `Registry.deregister`, likewise. */
  deregister(ref: InstanceRef, drainMs: number): Promise<bigint>;
  /** The client half-closed: deregisters all its instances at once (one commit, or few) and forgets the session. */
  close(): Promise<void>;
  /** The stream ended in any other way: the session's TTL begins. Safe to call after the others. */
  break(): void;
}

/**
 * The write side: who is in the catalogue, and what keeps them there.
 *
 * Every write resolves when it is durable. The registry never reads what it did not commit or hear on the store's feed.
 */
export interface Registry extends AsyncDisposable {
  /** @throws DomainError REVISION_CONFLICT, STORE_UNAVAILABLE. The same again commits nothing. */
  putService(draft: ServiceDraft, expectedRevision: bigint | undefined, caller: Caller): Promise<Written<Service>>;
  /** @throws DomainError NOT_FOUND; SERVICE_NOT_EMPTY unless `cascade`; REVISION_CONFLICT. */
  deleteService(
    ref: ServiceRef,
    options: { readonly cascade: boolean; readonly expectedRevision?: bigint },
    caller: Caller,
  ): Promise<bigint>;

  /** Registers all or none, in one commit. Services that do not exist appear. The same again renews and commits nothing. */
  register(registrations: readonly Registration[], caller: Caller): Promise<Written<readonly Instance[]>>;
  /**
   * Renews leases, at once; answers those that have none any more (not those that a session or nothing holds), when that is
   * durable.
   *
   * @throws DomainError STORE_UNAVAILABLE when what it looked at did not become durable.
   */
  renew(refs: readonly InstanceRef[], caller: Caller): Promise<readonly InstanceRef[]>;
  /** @throws DomainError NOT_FOUND, REVISION_CONFLICT. */
  update(
    ref: InstanceRef,
    patch: InstancePatch,
    expectedRevision: bigint | undefined,
    caller: Caller,
  ): Promise<Written<Instance>>;
  /** Removes it now, or after draining for `drainMs`. @returns 0n when it was not registered. */
  deregister(ref: InstanceRef, drainMs: number, caller: Caller): Promise<bigint>;

  /**
   * Orders a health until it is taken back or ends by itself; a new order takes the place of the one that stands.
   *
   * @throws DomainError NOT_FOUND, REVISION_CONFLICT.
   */
  orderHealth(
    ref: InstanceRef,
    order: OrderSpec,
    expectedRevision: bigint | undefined,
    caller: Caller,
  ): Promise<Written<Instance>>;
  /** Takes an order back; answers whether there was one. @throws DomainError NOT_FOUND. */
  clearOrder(ref: InstanceRef, caller: Caller): Promise<Written<number>>;
  /** Orders every instance that a service has now to drain; answers for how many that changed something. @throws DomainError NOT_FOUND. */
  drainService(ref: ServiceRef, order: Omit<OrderSpec, "health">, caller: Caller): Promise<Written<number>>;
  /** Takes back the orders of all instances of a service; answers how many. @throws DomainError NOT_FOUND. */
  clearOrders(ref: ServiceRef, caller: Caller): Promise<Written<number>>;
  /** Takes in how calls of instances went, as their callers saw them. */
  observe(calls: Iterable<ObservedCalls>): void;

  /** @throws DomainError NOT_FOUND for a token of a session that ended or never was; LIMIT_EXCEEDED. */
  openSession(options: SessionOptions): Promise<Session>;

  /** Wall-clock time at which an instance's lease ends unless renewed, in whole milliseconds; undefined when it has none. */
  leaseEndsAtMs(ref: InstanceRef): number | undefined;
  /** Sessions known, attached or within their TTL; and those attached to a stream now. */
  sessionCounts(): { readonly known: number; readonly attached: number };

  /** Whether nothing expires because many clients were lost at once, and how many there are. */
  expiryGuard(): GuardStatus;

  /** Connections that probes hold now. */
  probeConnections(): number;

  /** Tells every session to reconnect elsewhere within `withinMs`; nothing more happens until disposal. */
  announceStop(withinMs: number): void;
  /** Stops timers and detaches sessions with SHUTTING_DOWN. Nothing is deregistered: it resumes after the restart. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What happens to sessions, for the event log; it is no state and takes no revision. */
export interface SessionEvent {
  readonly type: "session.opened" | "session.broken" | "session.resumed" | "session.closed" | "session.expired";
  readonly timeMs: number;
  readonly sessionId: string;
  readonly client: string;
  readonly address: string;
  /** How many instances it held then. */
  readonly instances: number;
}
