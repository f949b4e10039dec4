import type { Logger } from "pino";
import type { Timer } from "../../stream/index.js";
import type { CallPoint } from "../calls/figures.js";
import { type CallSummary, summarizeCalls } from "./recent-calls.js";
import type { StatusSources } from "./status.js";

/** Told of services whose call figures changed. */
export type FiguresListener = (changed: ReadonlySet<string>) => void;

/** Options of a group. */
export interface StatusGroupOptions extends StatusSources {
  readonly log: Logger;
  readonly windowMs: number;
  /** How often figures are summed anew, in milliseconds. */
  readonly refreshMs: number;
}

/** Summing takes at most this share of the time, however long the window is. */
const MAX_SHARE = 0.05;

/** The call figures of one window, summed once for all watches of that window. */
export class StatusGroup implements Disposable {
  readonly #options: StatusGroupOptions;
  readonly #listeners = new Set<FiguresListener>();
  #summary: Promise<CallSummary> | undefined;
  #timer: Timer | undefined;

  constructor(options: StatusGroupOptions) {
    this.#options = options;
  }

  /** True while nobody listens. */
  get idle(): boolean {
    return this.#listeners.size === 0;
  }

  /** The newest figures, summed now if there are none yet. @throws DomainError STORE_UNAVAILABLE. */
  async summary(): Promise<CallSummary> {
    this.#summary ??= this.#sum();
    try {
      return await this.#summary;
    } catch (error) {
      this.#summary = undefined;
      throw error;
    }
  }

  /** Tells of figures that changed, from time to time; ends with the returned function. */
  listen(listener: FiguresListener): () => void {
    this.#listeners.add(listener);
    this.#timer ??= this.#options.clock.after(this.#options.refreshMs, () => void this.#refresh());
    return () => {
      this.#listeners.delete(listener);
      if (this.idle) this[Symbol.dispose]();
    };
  }

  /** Stops summing. */
  [Symbol.dispose](): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #sum(): Promise<CallSummary> {
    return summarizeCalls(this.#options.calls, this.#options);
  }

  async #refresh(): Promise<void> {
    const { clock, refreshMs, log } = this.#options;
    const startedMs = clock.monotonicMs();
    try {
      const before = await this.summary();
      const after = await this.#sum();
      this.#summary = Promise.resolve(after);
      const changed = changedServices(before, after);
      if (changed.size > 0) for (const listener of this.#listeners) listener(changed);
    } catch (error) {
      log.debug({ err: error }, "call figures could not be summed; watches keep the last ones");
    }
    if (this.idle) return;
    const pauseMs = Math.max(refreshMs, (clock.monotonicMs() - startedMs) / MAX_SHARE);
    this.#timer = clock.after(pauseMs, () => void this.#refresh());
  }
}

function changedServices(before: CallSummary, after: CallSummary): Set<string> {
  const keys = new Set([...before.services(), ...after.services()]);
  for (const key of keys) if (sameFigures(before.of(key), after.of(key))) keys.delete(key);
  return keys;
}

function sameFigures(a: CallPoint, b: CallPoint): boolean {
  return (
    a.calls === b.calls && a.errors === b.errors && a.p50Ms === b.p50Ms && a.p90Ms === b.p90Ms && a.p99Ms === b.p99Ms
  );
}
