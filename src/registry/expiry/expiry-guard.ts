import type { Logger } from "pino";
import { type Clock, type Timer, TimerWheel } from "../../stream/index.js";
import type { GuardMetrics } from "./guard-metrics.js";
import { type ExpiryGuardLimits, isMassLoss } from "./guard-rule.js";

/** A pause of expiry began, or ended. */
export interface GuardEvent {
  readonly type: "expiry.paused" | "expiry.resumed";
  /** Wall clock. */
  readonly timeMs: number;
  readonly lostClients: number;
  readonly clients: number;
  /** Why it ended; empty when it began. */
  readonly reason: "" | "clients came back" | "time over";
}

/** How the guard is. */
export interface GuardStatus {
  /** True while nothing expires. */
  readonly paused: boolean;
  readonly lostClients: number;
  readonly clients: number;
}

/** Options of `ExpiryGuard`. */
export interface ExpiryGuardOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: GuardMetrics;
  readonly limits: ExpiryGuardLimits;
  /** Told in order. Must not throw. */
  readonly onEvent: (event: GuardEvent) => void;
}

const LOOK_EVERY_MS = 1_000;

/**
 * Keeps our own blindness from emptying the catalogue: when many clients are lost at once, nothing expires for a while.
 *
 * idle -> paused -> idle. A pause ends when enough clients came back, or after a bounded time: those who are lost then are let go,
 * and count for no new pause. A client is a session, or an address that registered leases. One that expired counts on as lost
 * for the TTL that it had, because "at once" means within one TTL.
 */
export class ExpiryGuard {
  readonly #options: ExpiryGuardOptions;
  /** Everybody who counts: known, or gone for less than a TTL. */
  readonly #clients = new Set<string>();
  readonly #lost = new Set<string>();
  /** Lost when a pause ended: they count no more until they come back. */
  readonly #released = new Set<string>();
  readonly #gone: TimerWheel<string>;
  #timer: Timer | undefined;
  /** How much longer a pause may last; undefined while there is none. */
  #leftMs: number | undefined;
  #lookedMs = 0;

  constructor(options: ExpiryGuardOptions) {
    this.#options = options;
    const onDue = (clients: readonly string[]) => {
      for (const client of clients) this.left(client);
    };
    this.#gone = new TimerWheel({ clock: options.clock, onDue });
  }

  get status(): GuardStatus {
    const clients = this.#clients.size - this.#released.size;
    return { paused: this.#leftMs !== undefined, lostClients: this.#lost.size, clients };
  }

  /** A client is there, or is there again. */
  found(client: string): void {
    this.#gone.clear(client);
    this.#clients.add(client);
    this.#released.delete(client);
    if (this.#lost.delete(client)) this.#look();
    this.#count();
  }

  /** A client that is known is not heard any more. */
  lost(client: string): void {
    this.#clients.add(client);
    if (!this.#released.has(client)) this.#lost.add(client);
    this.#count();
  }

  /** A client said goodbye, or is forgotten. */
  left(client: string): void {
    this.#gone.clear(client);
    this.#clients.delete(client);
    this.#lost.delete(client);
    this.#released.delete(client);
    this.#count();
  }

  /** What a lost client had is removed: it counts on for `ttlMs`. */
  expired(client: string, ttlMs: number): void {
    if (this.#released.has(client)) this.left(client);
    else this.#gone.set(client, ttlMs);
  }

  /** Whether what fell due may be removed now. Asked before each removal: this is where a pause begins. */
  mayExpire(): boolean {
    if (this.#leftMs === undefined && this.#isMassLoss()) this.#pause();
    return this.#leftMs === undefined;
  }

  /** Stops the time. */
  stop(): void {
    this.#timer?.cancel();
    this.#gone.stop();
  }

  #isMassLoss(): boolean {
    const { lostClients, clients } = this.status;
    return isMassLoss(lostClients, clients, this.#options.limits);
  }

  #pause(): void {
    const { clock, log, metrics, limits } = this.#options;
    const { lostClients, clients } = this.status;
    this.#leftMs = limits.maxPauseMs;
    this.#lookedMs = clock.monotonicMs();
    this.#lookLater();
    metrics.paused.set(1);
    metrics.pauses.inc();
    log.warn(
      { lostClients, clients, maxPauseMs: limits.maxPauseMs },
      "many clients were lost at once: nothing expires until they are back, or the time is over; is this server's network well?",
    );
    this.#tell("expiry.paused", "");
  }

  #end(reason: "clients came back" | "time over"): void {
    const { log, metrics } = this.#options;
    this.#leftMs = undefined;
    this.#timer?.cancel();
    metrics.paused.set(0);
    log.info({ ...this.status, reason }, "what is lost expires again");
    this.#tell("expiry.resumed", reason);
    if (reason === "clients came back") return;
    for (const client of this.#lost) this.#released.add(client);
    this.#lost.clear();
    this.#count();
  }

  /** Looks whether the pause is over. A time in which we stood still ourselves is not taken off it. */
  #look(): void {
    if (this.#leftMs === undefined) return;
    const nowMs = this.#options.clock.monotonicMs();
    this.#leftMs -= Math.min(nowMs - this.#lookedMs, 2 * LOOK_EVERY_MS);
    this.#lookedMs = nowMs;
    if (!this.#isMassLoss()) this.#end("clients came back");
    else if (this.#leftMs <= 0) this.#end("time over");
  }

  #lookLater(): void {
    this.#timer = this.#options.clock.after(LOOK_EVERY_MS, () => {
      this.#look();
      if (this.#leftMs !== undefined) this.#lookLater();
    });
  }

  #tell(type: GuardEvent["type"], reason: GuardEvent["reason"]): void {
    const { lostClients, clients } = this.status;
    this.#options.onEvent({ type, timeMs: this.#options.clock.wallMs(), lostClients, clients, reason });
  }

  #count(): void {
    this.#options.metrics.lost.set(this.#lost.size);
  }
}
