import {
  DomainError,
  type EntityKey,
  type Holder,
  type Instance,
  type InstanceRef,
  instanceKey,
  nameOf,
  type SessionRecord,
} from "../model/index.js";
import { type Head, instanceAt, refOf } from "./head.js";
import type { Directive } from "./registry.js";

/** The stream that a session is attached to. */
export interface Attachment {
  /** The peer's address, for people. */
  readonly address: string;
  /** Hands a directive to the client. */
  direct(directive: Directive): void;
  /** Ends the stream although the client did nothing. */
  detach(error: DomainError): void;
}

/**
 * A session as the plane knows it: attached -> waiting (its stream broke) -> ending -> gone; resuming leads from waiting
 * back to attached.
 *
 * What it holds follows the durable feed. What it has accepted and not yet made durable is counted beside it, so that a
 * session that ends leaves nothing behind.
 */
export class KnownSession {
  readonly holder: Holder;
  /** Who does what the session does. */
  readonly actor: string;
  /** key -> the durable instance that it holds. */
  readonly held = new Map<EntityKey, Instance>();
  /** Its stream, while it is attached. */
  attachment: Attachment | undefined;
  /** Its client half-closed it: it cannot be resumed any more. */
  closed = false;
  /** The commit that ends it, while it is under way. */
  ending: Promise<unknown> | undefined;
  readonly #base: Omit<SessionRecord, "fenced">;
  /** key -> how many of its registrations are accepted and not yet durable. */
  readonly #accepted = new Map<EntityKey, number>();
  /** key -> an instance that another holder took from it, oldest first. */
  readonly #fenced: Map<EntityKey, InstanceRef>;

  constructor({ fenced, ...base }: SessionRecord) {
    this.#base = base;
    this.#fenced = new Map(fenced.map((ref) => [instanceKey(ref), ref]));
    this.holder = { kind: "session", sessionId: base.id };
    this.actor = `session:${base.id}`;
  }

  get id(): string {
    return this.#base.id;
  }

  get client(): string {
    return this.#base.client;
  }

  get ttlMs(): number {
    return this.#base.ttlMs;
  }

  get tokenHash(): Uint8Array {
    return this.#base.tokenHash;
  }

  /** What is to be stored of it. */
  record(): SessionRecord {
    return { ...this.#base, fenced: [...this.#fenced.values()] };
  }

  /**
   * Notes that a registration was accepted: it counts as held from now on.
   *
   * @returns a function to call once it is durable, or failed.
   * @throws DomainError LIMIT_EXCEEDED when the session would hold more than `max`.
   */
  accept(key: EntityKey, max: number): () => void {
    const others = this.#accepted.get(key) ?? 0;
    const isNew = others === 0 && !this.held.has(key);
    if (isNew && this.#holds(max)) {
      throw new DomainError({ reason: "LIMIT_EXCEEDED", limit: "max-instances-per-session", max, retryAfterMs: 1_000 });
    }
    this.#accepted.set(key, others + 1);
    return () => this.#settle(key);
  }

  /** Keys of all that it holds as the next commit would find it. */
  keysAtHead(head: Head): EntityKey[] {
    const isOurs = (key: EntityKey) => holdingSession(instanceAt(head, key)) === this.id;
    return [...this.#heldOrAccepted()].filter(isOurs);
  }

  /** Remembers that another holder took an instance; the oldest beyond `max` is forgotten. */
  fence(instance: Instance, max: number): void {
    this.#fenced.set(instanceKey(instance), refOf(instance));
    if (this.#fenced.size <= max) return;
    for (const oldest of this.#fenced.keys()) {
      this.#fenced.delete(oldest);
      break;
    }
  }

  /** Takes a fence back that did not become durable. */
  unfence(instance: Instance): void {
    this.#fenced.delete(instanceKey(instance));
  }

  /** @throws DomainError SUPERSEDED when another holder took the instance from this session. */
  refuseFenced(key: EntityKey): void {
    if (this.#fenced.has(key)) throw new DomainError({ reason: "SUPERSEDED", name: nameOf(key) });
  }

  /** Counts one by one only near the bound, where an instance that is held and registered again would count twice. */
  #holds(max: number): boolean {
    return this.held.size + this.#accepted.size >= max && this.#heldOrAccepted().size >= max;
  }

  #heldOrAccepted(): ReadonlySet<EntityKey> {
    return new Set([...this.held.keys(), ...this.#accepted.keys()]);
  }

  #settle(key: EntityKey): void {
    const others = (this.#accepted.get(key) ?? 0) - 1;
    if (others > 0) this.#accepted.set(key, others);
    else this.#accepted.delete(key);
  }
}

/** The id of the session that holds an instance; undefined when something else does, or nothing. */
export function holdingSession(instance: Instance | undefined): string | undefined {
  return instance?.holder.kind === "session" ? instance.holder.sessionId : undefined;
}
