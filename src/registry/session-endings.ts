import type { Logger } from "pino";
import type { Store } from "../store/index.js";
import { type Clock, TimerWheel } from "../stream/index.js";
import { decideEnding } from "./decide-ending.js";
import type { ExpiryGuard } from "./expiry/expiry-guard.js";
import type { KnownSession } from "./known-session.js";
import type { RegistryMetrics } from "./metrics.js";
import { Overdue } from "./overdue.js";

/** Why a session ends: its client half-closed it, or its TTL passed. */
export type EndingCause = "session-closed" | "session-expired";

/** Options of `SessionEndings`. */
export interface SessionEndingsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: RegistryMetrics;
  /** id -> session; those that ended are looked up no more. */
  readonly known: ReadonlyMap<string, KnownSession>;
  readonly maxCommitChanges: number;
  readonly guard: Pick<ExpiryGuard, "mayExpire">;
  /** Called once the end of a session is durable, with how many instances it held. */
  readonly onEnded: (session: KnownSession, cause: EndingCause, instances: number) => void;
}

/**
 * How sessions end: by their client's word at once, or when nobody resumed them within their TTL; together where they end
 * together, and again where the store could not write.
 */
export class SessionEndings {
  readonly #options: SessionEndingsOptions;
  readonly #wheel: TimerWheel<string>;
  readonly #overdue: Overdue<string>;

  constructor(options: SessionEndingsOptions) {
    this.#options = options;
    const { clock, log, metrics } = options;
    this.#wheel = new TimerWheel({ clock, onDue: (ids) => this.#overdue.add(ids) });
    this.#overdue = new Overdue({
      clock,
      log,
      onRetry: () => metrics.retries.inc(),
      attempt: (ids) => this.#endOverdue(ids),
    });
  }

  /** Begins the TTL of a session without a stream. */
  wait(session: KnownSession): void {
    this.#wheel.set(session.id, session.ttlMs);
  }

  /** Calls the end off: the session was resumed. */
  cancel(session: KnownSession): void {
    this.#wheel.clear(session.id);
    this.#overdue.delete(session.id);
  }

  /**
   * Ends a session that its client closed; decided at once.
   *
   * @throws DomainError STORE_UNAVAILABLE when that could not be made durable now; it is then tried again by itself.
   */
  async close(session: KnownSession): Promise<void> {
    session.closed = true;
    try {
      while (this.#options.known.has(session.id)) await this.#end([session], "session-closed");
    } catch (error) {
      this.#overdue.add([session.id]);
      throw error;
    }
  }

  /** Stops the TTLs; resolves when no end of its own is under way. */
  async stop(): Promise<void> {
    this.#wheel.stop();
    await this.#overdue.stop();
  }

  /** A closed session leaves in its own name, so it has a commit to itself. */
  #endOverdue(ids: ReadonlySet<string>): Promise<void> | "held" {
    const sessions = [...ids].flatMap((id) => this.#options.known.get(id) ?? []);
    const closed = sessions.find((session) => session.closed);
    if (closed) return this.#end([closed], "session-closed");
    return this.#options.guard.mayExpire() ? this.#end(sessions, "session-expired") : "held";
  }

  async #end(sessions: readonly KnownSession[], cause: EndingCause): Promise<void> {
    const { store, metrics, maxCommitChanges } = this.#options;
    const { deletes, ended, begun } = decideEnding(store, sessions, maxCommitChanges);
    const actor = cause === "session-closed" ? (sessions[0]?.actor ?? "") : "system:lease";
    const ends = ended.map((session) => ({ session, instances: session.held.size }));
    const forgotten = ended.map(({ id }) => ({ delete: id }));
    const ending = store.commit({ actor, cause, deletes, sessions: forgotten });
    const touched = begun ? [...ended, begun] : ended;
    for (const session of touched) session.ending = ending;
    try {
      await ending;
    } finally {
      for (const session of touched) session.ending = undefined;
    }
    if (cause === "session-expired") metrics.expirations.inc({ cause }, deletes.length);
    for (const { session, instances } of ends) {
      this.#overdue.delete(session.id);
      this.#options.onEnded(session, cause, instances);
    }
  }
}
