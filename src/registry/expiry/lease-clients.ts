import { type EntityKey, type Instance, instanceKey } from "../../model/index.js";
import type { ExpiryGuard } from "./expiry-guard.js";

/** The leases of one client. */
interface LeaseClient {
  readonly keys: Set<EntityKey>;
  /** Those of them that fell due. */
  readonly due: Set<EntityKey>;
}

/**
 * Which client keeps which lease, and who is lost: a client of whose leases none is alive.
 *
 * A client is the host that registered; after a restart, when nobody knows, the host of the instance's first endpoint.
 */
export class LeaseClients {
  readonly #guard: ExpiryGuard;
  readonly #hostOf = new Map<EntityKey, string>();
  readonly #clients = new Map<string, LeaseClient>();

  constructor(guard: ExpiryGuard) {
    this.#guard = guard;
  }

  /** A lease began, or began anew. */
  alive(instance: Instance): void {
    const key = instanceKey(instance);
    const host = this.#hostOf.get(key) ?? instance.endpoints[0]?.host ?? "";
    this.#add(host, key);
    this.#clients.get(host)?.due.delete(key);
    this.#guard.found(nameOf(host));
  }

  /** A lease is renewed by what is known of it. */
  renewed(key: EntityKey): void {
    const host = this.#hostOf.get(key);
    if (host === undefined) return;
    this.#clients.get(host)?.due.delete(key);
    this.#guard.found(nameOf(host));
  }

  /** It is known who registered an instance. */
  heardFrom(key: EntityKey, host: string): void {
    const before = this.#hostOf.get(key);
    if (before === undefined || before === host) return;
    this.#drop(key);
    this.#add(host, key);
    this.#guard.found(nameOf(host));
  }

  /** Leases fell due. */
  due(keys: Iterable<EntityKey>): void {
    for (const key of keys) {
      const host = this.#hostOf.get(key);
      const client = host === undefined ? undefined : this.#clients.get(host);
      if (host === undefined || !client) continue;
      client.due.add(key);
      if (client.due.size === client.keys.size) this.#guard.lost(nameOf(host));
    }
  }

  /** A lease ended: the instance left, or something else keeps it. @param expiredTtlMs its TTL when it ended by that. */
  ended(key: EntityKey, expiredTtlMs: number | undefined): void {
    const host = this.#drop(key);
    if (host === undefined || this.#clients.has(host)) return;
    if (expiredTtlMs === undefined) this.#guard.left(nameOf(host));
    else this.#guard.expired(nameOf(host), expiredTtlMs);
  }

  #add(host: string, key: EntityKey): void {
    this.#hostOf.set(key, host);
    const client = this.#clients.get(host) ?? { keys: new Set(), due: new Set() };
    client.keys.add(key);
    this.#clients.set(host, client);
  }

  /** Takes a lease from its client; answers whose it was. */
  #drop(key: EntityKey): string | undefined {
    const host = this.#hostOf.get(key);
    const client = host === undefined ? undefined : this.#clients.get(host);
    if (host === undefined || !client) return undefined;
    this.#hostOf.delete(key);
    client.keys.delete(key);
    client.due.delete(key);
    if (client.keys.size === 0) this.#clients.delete(host);
    return host;
  }
}

/** How the guard calls a client with leases. */
function nameOf(host: string): string {
  return `host:${host}`;
}

/** The host of a peer's address: "10.0.0.1:4000" -> "10.0.0.1"; empty when it is not known. */
export function hostOfPeer(address: string): string {
  return address.slice(0, Math.max(0, address.lastIndexOf(":")));
}
