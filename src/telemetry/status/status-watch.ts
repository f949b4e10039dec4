import type { Logger } from "pino";
import type { ServiceRef } from "../../model/index.js";
import { Signal } from "../../stream/index.js";
import { rosterKey } from "../roster.js";
import { requireService, type ServiceStatus, type StatusSources, statusOf } from "./status.js";
import { StatusGroup } from "./status-group.js";

/** Options of one watch. */
export interface StatusWatchOptions {
  /** A name of "*" means every service of the namespace. */
  readonly service: ServiceRef;
  /** How far back calls count, in milliseconds. */
  readonly windowMs: number;
  readonly signal: AbortSignal;
}

/** Options of the watches. */
export interface StatusWatchesOptions extends StatusSources {
  readonly log: Logger;
  readonly refreshMs: number;
}

/** Statuses of one batch, so that a response of them stays well under what one message may hold. */
const BATCH_STATUSES = 1_000;

/** Every watch of statuses; those with the same window share the figures. */
export class StatusWatches implements Disposable {
  readonly #options: StatusWatchesOptions;
  /** window in ms -> its figures. */
  readonly #groups = new Map<number, StatusGroup>();

  constructor(options: StatusWatchesOptions) {
    this.#options = options;
  }

  /**
   * Every status that is asked for, by name, then those that changed: health at once, call figures from time to time. What a slow
   * reader has not read merges by service. A service that was deleted is told once more, without instances.
   *
   * @throws DomainError NOT_FOUND when the named service does not exist; STORE_UNAVAILABLE by the first `next()`.
   */
  open(options: StatusWatchOptions): AsyncIterable<readonly ServiceStatus[]> {
    if (options.service.name !== "*") requireService(this.#options.roster, options.service);
    return this.#read(options);
  }

  /** Stops summing. */
  [Symbol.dispose](): void {
    for (const group of this.#groups.values()) group[Symbol.dispose]();
  }

  async *#read(options: StatusWatchOptions): AsyncGenerator<readonly ServiceStatus[], void, void> {
    const group = this.#group(options.windowMs);
    const pending = new PendingServices(options.service);
    const offer = (changed: ReadonlySet<string>) => pending.offer(changed);
    const ends = [this.#options.roster.onChange(offer), group.listen(offer)];
    const wake = () => pending.signal.notify();
    options.signal.addEventListener("abort", wake);
    try {
      yield* this.#full(options.service, group);
      while (!options.signal.aborted) {
        const refs = pending.take();
        if (refs.length > 0) yield await this.#statuses(refs, group);
        else await pending.signal.wait();
      }
    } finally {
      options.signal.removeEventListener("abort", wake);
      for (const end of ends) end();
      if (group.idle) this.#groups.delete(options.windowMs);
    }
  }

  async *#full(service: ServiceRef, group: StatusGroup): AsyncGenerator<readonly ServiceStatus[], void, void> {
    const { roster } = this.#options;
    await group.summary();
    const refs = service.name === "*" ? roster.in(service.namespace).map((entry) => entry.service) : [service];
    // The first response comes even when there is nothing to tell.
    for (let start = 0; start === 0 || start < refs.length; start += BATCH_STATUSES) {
      yield await this.#statuses(refs.slice(start, start + BATCH_STATUSES), group);
    }
  }

  async #statuses(refs: readonly ServiceRef[], group: StatusGroup): Promise<ServiceStatus[]> {
    const summary = await group.summary();
    return refs.map((ref) => statusOf(this.#options.roster, ref, summary));
  }

  #group(windowMs: number): StatusGroup {
    const group = this.#groups.get(windowMs) ?? new StatusGroup({ ...this.#options, windowMs });
    this.#groups.set(windowMs, group);
    return group;
  }
}

/** The services that one reader has yet to hear of: each once, however often it changed. */
class PendingServices {
  readonly signal = new Signal();
  readonly #watched: ServiceRef;
  readonly #key: string;
  readonly #pending = new Set<string>();

  constructor(watched: ServiceRef) {
    this.#watched = watched;
    this.#key = rosterKey(watched);
  }

  offer(changed: ReadonlySet<string>): void {
    const before = this.#pending.size;
    if (this.#watched.name !== "*") {
      if (changed.has(this.#key)) this.#pending.add(this.#key);
    } else {
      const prefix = `${this.#watched.namespace}/`;
      for (const key of changed) if (key.startsWith(prefix)) this.#pending.add(key);
    }
    if (this.#pending.size > before) this.signal.notify();
  }

  /** The next batch of them, in the order of their first change. */
  take(): ServiceRef[] {
    const keys = [...this.#pending].slice(0, BATCH_STATUSES);
    for (const key of keys) this.#pending.delete(key);
    const { namespace } = this.#watched;
    return keys.map((key) => ({ namespace, name: key.slice(namespace.length + 1) }));
  }
}
