import type { Logger } from "pino";
import { type Cause, type Change, type EntityKey, type Instance, keyOf } from "../model/index.js";
import type { Store } from "../store/index.js";
import { type Clock, TimerWheel } from "../stream/index.js";
import type { LeaseClients } from "./expiry/lease-clients.js";
import { isSettled } from "./head.js";
import type { RegistryMetrics } from "./metrics.js";
import { Overdue } from "./overdue.js";

/** Options of `Deadlines`. */
export interface DeadlinesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: RegistryMetrics;
  /** Removals in one commit. */
  readonly maxCommitChanges: number;
  /** How long an instance stays from its start on, in milliseconds; undefined when this kind of deadline is not its. */
  readonly lengthMs: (instance: Instance) => number | undefined;
  /** A change for this reason begins the time anew. */
  readonly startedBy: Cause;
  /** Who removes what fell due, and why. */
  readonly actor: string;
  readonly cause: Cause;
  /** Watches over clients that are lost; absent where nobody has to be heard. */
  readonly guard?: { readonly clients: LeaseClients; mayExpire(): boolean };
}

/**
 * Instances that leave when their time is over: leases, and likewise drains.
 *
 * running -> overdue -> gone, and back to running when it is renewed before its removal is decided. It follows the durable
 * feed alone, so a removal that could not be made durable is simply still there, and is tried again.
 */
export class Deadlines {
  readonly #options: DeadlinesOptions;
  /** key -> the durable instance that has a deadline, running or overdue. */
  readonly #instances = new Map<EntityKey, Instance>();
  readonly #wheel: TimerWheel<EntityKey>;
  readonly #overdue: Overdue<EntityKey>;

  constructor(options: DeadlinesOptions) {
    this.#options = options;
    const { clock, log, metrics } = options;
    this.#wheel = new TimerWheel({ clock, onDue: (keys) => this.#due(keys) });
    this.#overdue = new Overdue({
      clock,
      log,
      onRetry: () => metrics.retries.inc(),
      attempt: (keys) => this.#remove(keys),
    });
  }

  /** How many instances have a deadline. */
  get size(): number {
    return this.#instances.size;
  }

  /** Begins the whole time of an instance, as at a start from what is stored. */
  begin(instance: Instance): void {
    const lengthMs = this.#options.lengthMs(instance);
    if (lengthMs === undefined) return;
    const key = keyOf({ kind: "instance", value: instance });
    this.#instances.set(key, instance);
    this.#options.guard?.clients.alive(instance);
    this.#restart(key, lengthMs);
  }

  /** Takes in one durable change. */
  follow(cause: Cause, { key, after }: Change): void {
    const instance = after?.kind === "instance" ? after.value : undefined;
    if (!instance || this.#options.lengthMs(instance) === undefined) this.#forget(key, cause);
    else if (cause === this.#options.startedBy || !this.#instances.has(key)) this.begin(instance);
    else this.#instances.set(key, instance);
  }

  /** Begins the time of an instance anew; false when it has no durable deadline. */
  renew(key: EntityKey): boolean {
    const instance = this.#instances.get(key);
    const lengthMs = instance && this.#options.lengthMs(instance);
    if (lengthMs === undefined) return false;
    this.#options.guard?.clients.renewed(key);
    this.#restart(key, lengthMs);
    return true;
  }

  /** Milliseconds until an instance falls due, 0 when it did; undefined when it has no deadline. */
  remainingMs(key: EntityKey): number | undefined {
    return this.#instances.has(key) ? (this.#wheel.remainingMs(key) ?? 0) : undefined;
  }

  /** Stops the time; resolves when no removal is under way. */
  async stop(): Promise<void> {
    this.#wheel.stop();
    await this.#overdue.stop();
  }

  #restart(key: EntityKey, lengthMs: number): void {
    this.#overdue.delete(key);
    this.#wheel.set(key, lengthMs);
  }

  #due(keys: readonly EntityKey[]): void {
    this.#options.guard?.clients.due(keys);
    this.#overdue.add(keys);
  }

  #forget(key: EntityKey, cause: Cause): void {
    const instance = this.#instances.get(key);
    if (!instance) return;
    this.#instances.delete(key);
    const isExpired = cause === this.#options.cause;
    this.#options.guard?.clients.ended(key, isExpired ? this.#options.lengthMs(instance) : undefined);
    this.#wheel.clear(key);
    this.#overdue.delete(key);
  }

  /** Removes those to which nothing else is happening; the others are decided when that is durable, or undone. */
  #remove(keys: ReadonlySet<EntityKey>): Promise<unknown> | "held" | undefined {
    const { store, maxCommitChanges, actor, cause, metrics, guard } = this.#options;
    if (guard && !guard.mayExpire()) return "held";
    const deletes: EntityKey[] = [];
    for (const key of keys) {
      const instance = this.#instances.get(key);
      if (instance && isSettled(store, key, instance)) deletes.push(key);
      if (deletes.length >= maxCommitChanges) break;
    }
    if (deletes.length === 0) return undefined;
    return store.commit({ actor, cause, deletes }).then(() => metrics.expirations.inc({ cause }, deletes.length));
  }
}

/** What leases need beside the ports: an instance without renewal leaves after its TTL. */
export const LEASES = {
  lengthMs: ({ holder }: Instance) => (holder.kind === "lease" ? holder.ttlMs : undefined),
  startedBy: "register",
  actor: "system:lease",
  cause: "lease-expired",
} as const;

/** What drains need: an instance that was ordered to drain leaves after that time. */
export const DRAINS = {
  lengthMs: ({ drainMs }: Instance) => drainMs,
  startedBy: "drain",
  actor: "system:drain",
  cause: "drained",
} as const;
