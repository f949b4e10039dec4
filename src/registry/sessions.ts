import type { Logger } from "pino";
import { DomainError, type Instance, instanceKey, type SessionRecord } from "../model/index.js";
import type { Store } from "../store/index.js";
import type { Clock } from "../stream/index.js";
import { AttachedSession } from "./attached-session.js";
import type { ExpiryGuard } from "./expiry/expiry-guard.js";
import { holdingSession, KnownSession } from "./known-session.js";
import type { RegistryLimits } from "./limits.js";
import type { RegistryMetrics } from "./metrics.js";
import type { Session, SessionEvent, SessionOptions } from "./registry.js";
import { createResumeToken, matchesToken, sessionIdOf } from "./resume-token.js";
import type { SessionEndings } from "./session-endings.js";
import type { Writes } from "./writes.js";

/** Options of `Sessions`. */
export interface SessionsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: RegistryMetrics;
  readonly limits: RegistryLimits;
  /** id -> session; this room's one list of them, kept here and read by its neighbours. */
  readonly known: Map<string, KnownSession>;
  readonly writes: Writes;
  readonly endings: SessionEndings;
  readonly guard: ExpiryGuard;
  readonly onSessionEvent: (event: SessionEvent) => void;
}

const ORPHAN_TTL_MS = 30_000;

/** Which sessions there are, and which stream holds each. An attached session has no timer: it costs nothing while idle. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #known: Map<string, KnownSession>;
  #attached = 0;
  /** Sessions whose client said goodbye and waits for the answer. */
  #closing = 0;
  #stopped = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#known = options.known;
  }

  /** Sessions known, and those attached now; one that closes is attached until its client is answered. */
  get counts(): { readonly known: number; readonly attached: number } {
    return { known: this.#known.size, attached: this.#attached + this.#closing };
  }

  /** Takes in a stored session, which waits its whole TTL to be resumed. */
  restore(record: SessionRecord): void {
    const session = new KnownSession(record);
    this.#known.set(session.id, session);
    this.#options.endings.wait(session);
    this.#options.guard.lost(clientOf(session));
    this.#count();
  }

  /**
   * Takes in a stored instance that a session may hold.
   *
   * One whose session is not known must not stay for ever: it waits a TTL for a session that nobody can resume.
   */
  restoreHeld(instance: Instance): void {
    const id = holdingSession(instance);
    if (id === undefined) return;
    if (!this.#known.has(id)) this.#restoreOrphan(id);
    this.#known.get(id)?.held.set(instanceKey(instance), instance);
  }

  /** Opens or resumes a session. @throws DomainError NOT_FOUND, LIMIT_EXCEEDED, STORE_UNAVAILABLE, SHUTTING_DOWN. */
  async open(options: SessionOptions): Promise<Session> {
    return await (options.resumeToken === undefined
      ? this.#openNew(options)
      : this.#resume(options, options.resumeToken));
  }

  /** Tells every attached session's client to resume elsewhere. */
  announceStop(withinMs: number): void {
    for (const { attachment } of this.#known.values()) attachment?.direct({ kind: "reconnect", withinMs });
  }

  /** Forgets a session whose end is durable. */
  forget(session: KnownSession, type: "session.closed" | "session.expired", instances: number): void {
    this.#known.delete(session.id);
    if (type === "session.expired") this.#options.guard.expired(clientOf(session), session.ttlMs);
    else this.#options.guard.left(clientOf(session));
    this.#count();
    this.#tell(type, session, "", instances);
  }

  /** Detaches all; no TTL begins, because after the restart each has its whole one. */
  stop(error: DomainError): void {
    this.#stopped = true;
    for (const session of this.#known.values()) this.#detach(session)?.detach(error);
  }

  async #openNew(options: SessionOptions): Promise<Session> {
    const { store, clock, limits } = this.#options;
    if (this.#known.size >= limits.maxSessions) throw tooMany(limits.maxSessions);
    const { sessionId, token, hash } = createResumeToken();
    const { client, ttlMs } = options;
    const record = { id: sessionId, client, ttlMs, tokenHash: hash, openedAtMs: clock.wallMs(), fenced: [] };
    const session = new KnownSession(record);
    this.#known.set(session.id, session);
    try {
      await store.commit({ actor: session.actor, cause: "register", sessions: [{ put: record }] });
      this.#assertRunning();
    } catch (error) {
      this.#known.delete(session.id);
      throw error;
    }
    return this.#attach(session, token, options, "session.opened");
  }

  async #resume(options: SessionOptions, token: string): Promise<Session> {
    let session = this.#find(token);
    while (session.ending !== undefined) {
      await session.ending.catch(() => undefined);
      this.#assertRunning();
      session = this.#find(token);
    }
    this.#options.endings.cancel(session);
    const { id: sessionId } = session;
    this.#detach(session)?.detach(new DomainError({ reason: "SESSION_TAKEN_OVER", sessionId }));
    return this.#attach(session, token, options, "session.resumed");
  }

  /** @throws DomainError NOT_FOUND, alike for a session that ended, one that never was, and a wrong secret. */
  #find(token: string): KnownSession {
    const id = sessionIdOf(token);
    const session = this.#known.get(id);
    if (session && !session.closed && matchesToken(token, session.tokenHash)) return session;
    throw new DomainError({ reason: "NOT_FOUND", type: "session", name: id });
  }

  #attach(
    session: KnownSession,
    resumeToken: string,
    stream: SessionOptions,
    type: "session.opened" | "session.resumed",
  ): Session {
    const { writes, limits } = this.#options;
    const attached = new AttachedSession({
      session,
      resumeToken,
      stream,
      writes,
      maxInstances: limits.maxInstancesPerSession,
      onClose: () => this.#close(session),
      onBreak: () => this.#break(session),
    });
    session.attachment = attached;
    this.#attached++;
    this.#count();
    this.#options.guard.found(clientOf(session));
    this.#tell(type, session, attached.address);
    return attached;
  }

  async #close(session: KnownSession): Promise<void> {
    this.#detach(session);
    this.#closing++;
    try {
      await this.#options.endings.close(session);
    } finally {
      this.#closing--;
    }
  }

  #break(session: KnownSession): void {
    const address = this.#detach(session)?.address ?? "";
    this.#options.endings.wait(session);
    this.#options.guard.lost(clientOf(session));
    this.#tell("session.broken", session, address);
  }

  #detach(session: KnownSession): KnownSession["attachment"] {
    const { attachment } = session;
    if (!attachment) return undefined;
    session.attachment = undefined;
    this.#attached--;
    this.#count();
    return attachment;
  }

  #restoreOrphan(id: string): void {
    this.#options.log.error({ session: id }, "instances are held by a session without a record; they expire");
    const openedAtMs = this.#options.clock.wallMs();
    this.restore({ id, client: "", ttlMs: ORPHAN_TTL_MS, tokenHash: new Uint8Array(), openedAtMs, fenced: [] });
  }

  #tell(type: SessionEvent["type"], session: KnownSession, address: string, instances = session.held.size): void {
    const timeMs = this.#options.clock.wallMs();
    const { id: sessionId, client } = session;
    this.#options.onSessionEvent({ type, timeMs, sessionId, client, address, instances });
  }

  #count(): void {
    const { metrics } = this.#options;
    metrics.sessionsKnown.set(this.#known.size);
    metrics.sessionsAttached.set(this.#attached);
  }

  #assertRunning(): void {
    if (this.#stopped) throw new DomainError({ reason: "SHUTTING_DOWN", retryAfterMs: 1_000 });
  }
}

/** How the guard calls a session. */
function clientOf({ id }: KnownSession): string {
  return `session:${id}`;
}

function tooMany(max: number): DomainError {
  return new DomainError({ reason: "LIMIT_EXCEEDED", limit: "max-sessions", max, retryAfterMs: 1_000 });
}
