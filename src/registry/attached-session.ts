import { DomainError, type EntityKey, type InstanceRef, instanceKey } from "../model/index.js";
import { refOf } from "./head.js";
import type { Attachment, KnownSession } from "./known-session.js";
import type { Directive, InstancePatch, InstanceSpec, Session, SessionOptions } from "./registry.js";
import { drains } from "./session-feed.js";
import type { Writes } from "./writes.js";

/** Options of `AttachedSession`. */
export interface AttachedSessionOptions {
  readonly session: KnownSession;
  readonly resumeToken: string;
  readonly stream: Pick<SessionOptions, "caller" | "onDirective" | "onDetached">;
  readonly writes: Writes;
  readonly maxInstances: number;
  /** Ends the session and what it holds. */
  readonly onClose: () => Promise<void>;
  /** The stream broke. */
  readonly onBreak: () => void;
}

/**
 * One stream's hold on a session, until it is closed, broken or detached.
 *
 * A request is decided in the tick in which it comes, so what comes before `close` is among what leaves.
 */
export class AttachedSession implements Session, Attachment {
  readonly id: string;
  readonly resumeToken: string;
  readonly ttlMs: number;
  readonly held: readonly InstanceRef[];
  readonly draining: readonly InstanceRef[];
  readonly address: string;
  readonly #options: AttachedSessionOptions;
  readonly #session: KnownSession;
  /** Why requests are refused; undefined while the stream holds the session. */
  #ended: DomainError | undefined;

  constructor(options: AttachedSessionOptions) {
    const { session } = options;
    this.#options = options;
    this.#session = session;
    this.id = session.id;
    this.resumeToken = options.resumeToken;
    this.ttlMs = session.ttlMs;
    const held = [...session.held.values()];
    this.held = held.map(refOf);
    this.draining = held.filter(drains).map(refOf);
    this.address = options.stream.caller.address;
  }

  async register(spec: InstanceSpec, expectedRevision?: bigint): Promise<bigint> {
    const key = instanceKey(spec);
    const refused = this.#refusal(key);
    if (refused !== undefined) return await refused;
    const settle = this.#session.accept(key, this.#options.maxInstances);
    try {
      const wanted = { spec, holder: this.#session.holder, expectedRevision };
      const { revision } = await this.#options.writes.register([wanted], this.#session.actor);
      return revision;
    } finally {
      settle();
    }
  }

  async update(ref: InstanceRef, patch: InstancePatch, expectedRevision?: bigint): Promise<bigint> {
    const refused = this.#refusal(instanceKey(ref));
    if (refused !== undefined) return await refused;
    const { revision } = await this.#options.writes.update(ref, patch, expectedRevision, this.#session.actor);
    return revision;
  }

  async deregister(ref: InstanceRef, drainMs: number): Promise<bigint> {
    const refused = this.#refusal(instanceKey(ref));
    if (refused !== undefined) return await refused;
    return await this.#options.writes.deregister(ref, drainMs, this.#session.actor);
  }

  async close(): Promise<void> {
    if (this.#ended) throw this.#ended;
    this.#end();
    await this.#options.onClose();
  }

  break(): void {
    if (this.#ended) return;
    this.#end();
    this.#options.onBreak();
  }

  direct(directive: Directive): void {
    this.#options.stream.onDirective(directive);
  }

  detach(error: DomainError): void {
    this.#ended = error;
    this.#options.stream.onDetached(error);
  }

  /**
   * Refuses what concerns an instance that another holder took, once that is durable; undefined for any other.
   *
   * @throws DomainError when the stream's hold has ended.
   */
  #refusal(key: EntityKey): Promise<never> | undefined {
    if (this.#ended) throw this.#ended;
    try {
      this.#session.refuseFenced(key);
      return undefined;
    } catch (superseded) {
      return this.#options.writes.refuse(superseded, this.#session.actor);
    }
  }

  #end(): void {
    this.#ended = new DomainError({ reason: "NOT_FOUND", type: "session", name: this.id });
  }
}
