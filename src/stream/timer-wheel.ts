import type { Clock, Timer } from "./clock.js";

/** Options of a timer wheel. */
export interface TimerWheelOptions<K> {
  readonly clock: Clock;
  /** How exact deadlines are, in milliseconds: a key fires at most two ticks after its deadline, never before. Default 250. */
  readonly tickMs?: number;
  /** Receives all keys that fell due in one tick, together. Must not throw. */
  readonly onDue: (keys: K[]) => void;
  /**
   * A tick that is later than this was our own pause (a blocked event loop, a stopped process), in milliseconds. All
   * deadlines then move on by the pause, so that nobody expires for it. Default 500.
   */
  readonly pauseMs?: number;
}

/**
 * Many deadlines on one timer: key -> deadline.
 *
 * Why slots: setting, moving and clearing a deadline is O(1), and keys due together come out together, so that their
 * owner can treat them in one commit. While it is empty no timer runs.
 */
export class TimerWheel<K> {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #pauseMs: number;
  readonly #onDue: (keys: K[]) => void;
  /** tick number -> keys due in it. */
  readonly #slots = new Map<number, Set<K>>();
  /** key -> tick number. */
  readonly #tickOf = new Map<K, number>();
  #timer: Timer | undefined;
  /** Time that was ours and nobody's: added up pauses. */
  #pausedMs = 0;
  #lastTickMs = 0;
  #nextTick = 0;

  constructor(options: TimerWheelOptions<K>) {
    this.#clock = options.clock;
    this.#tickMs = options.tickMs ?? 250;
    this.#pauseMs = options.pauseMs ?? 500;
    this.#onDue = options.onDue;
  }

  /** How many keys have a deadline. */
  get size(): number {
    return this.#tickOf.size;
  }

  /** Sets or moves the deadline of a key to `delayMs` from now. */
  set(key: K, delayMs: number): void {
    if (!this.#timer) this.#start();
    const tick = Math.max(this.#nextTick, Math.ceil((this.#nowMs() + delayMs) / this.#tickMs));
    const earlier = this.#tickOf.get(key);
    if (earlier === tick) return;
    if (earlier !== undefined) this.#drop(key, earlier);
    this.#tickOf.set(key, tick);
    const slot = this.#slots.get(tick);
    if (slot) slot.add(key);
    else this.#slots.set(tick, new Set([key]));
  }

  /** Takes a key's deadline away; false when it had none. */
  clear(key: K): boolean {
    const tick = this.#tickOf.get(key);
    if (tick === undefined) return false;
    this.#drop(key, tick);
    this.#tickOf.delete(key);
    if (this.#tickOf.size === 0) this.stop();
    return true;
  }

  /** Milliseconds until a key falls due, at least 0; undefined when it has no deadline. */
  remainingMs(key: K): number | undefined {
    const tick = this.#tickOf.get(key);
    return tick === undefined ? undefined : Math.max(0, tick * this.#tickMs - this.#nowMs());
  }

  /** Stops the timer; deadlines stay and go on with the next `set`, by which the time in between has passed. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #nowMs(): number {
    if (this.#timer) this.#leaveOutPause();
    return this.#clock.monotonicMs() - this.#pausedMs;
  }

  /**
   * After a pause it is not certain that the tick runs first: a deadline that is set before it must not be counted from a
   * time that the tick then takes back. So whoever asks for the time first notes the pause.
   */
  #leaveOutPause(): void {
    const nowMs = this.#clock.monotonicMs();
    const sinceMs = nowMs - this.#lastTickMs;
    if (sinceMs <= this.#pauseMs + this.#tickMs) return;
    this.#pausedMs += sinceMs - this.#tickMs;
    this.#lastTickMs = nowMs - this.#tickMs;
  }

  #start(): void {
    this.#lastTickMs = this.#clock.monotonicMs();
    if (this.#tickOf.size === 0) this.#nextTick = Math.floor(this.#nowMs() / this.#tickMs);
    this.#schedule();
  }

  #schedule(): void {
    this.#timer = this.#clock.after(this.#tickMs, () => this.#tick());
  }

  #tick(): void {
    this.#leaveOutPause();
    this.#lastTickMs = this.#clock.monotonicMs();
    const due = this.#takeDue();
    if (this.#tickOf.size > 0) this.#schedule();
    else this.#timer = undefined;
    if (due.length > 0) this.#onDue(due);
  }

  #takeDue(): K[] {
    const due: K[] = [];
    const end = Math.floor(this.#nowMs() / this.#tickMs);
    for (; this.#nextTick <= end; this.#nextTick++) {
      const slot = this.#slots.get(this.#nextTick);
      if (!slot) continue;
      this.#slots.delete(this.#nextTick);
      for (const key of slot) {
        this.#tickOf.delete(key);
        due.push(key);
      }
    }
    return due;
  }

  #drop(key: K, tick: number): void {
    const slot = this.#slots.get(tick);
    slot?.delete(key);
    if (slot?.size === 0) this.#slots.delete(tick);
  }
}
