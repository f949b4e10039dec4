import type { ServiceRef } from "../model/index.js";
import type { Clock, Timer } from "../stream/index.js";
import type { Source } from "./builder.js";
import type { Namespaces } from "./namespaces.js";
import { sourceKey, type Topics } from "./topics.js";

/** Options of `Refresher`. */
export interface RefresherOptions {
  readonly topics: Topics;
  readonly namespaces: Namespaces;
  readonly clock: Clock;
  /** Calls `run` soon, after what goes on now. Default `setImmediate`. */
  readonly soon?: (run: () => void) => void;
}

/** What takes longer than this is made less often. */
const HEAVY_MS = 2;
/** After it was made, what is heavy rests for so many times as long as that took. */
const REST = 5;
const MAX_REST_MS = 1_000;

interface Dirty {
  readonly source: Source;
  /** When the oldest change that was not made anew was committed. */
  readonly committedAtMs: number;
}

/**
 * Has resources made anew for what changed: the first change at once, those that come meanwhile together. What is heavy to make,
 * and changes without end, is made anew less often, so that it leaves room for the others.
 */
export class Refresher {
  readonly #options: RefresherOptions;
  /** source -> its change. */
  #dirty = new Map<string, Dirty>();
  /** source -> monotonic time before which it is not made again. */
  readonly #resting = new Map<string, number>();
  #scheduled = false;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: RefresherOptions) {
    this.#options = options;
  }

  /** These services changed. Quick: what it asks for happens later. */
  changed(services: readonly ServiceRef[], committedAtMs: number): void {
    const { topics } = this.#options;
    for (const { namespace, name } of services) {
      const source: Source = { kind: "service", ref: { namespace, name } };
      if (!topics.isUsed(source) && !topics.isUsed({ kind: "namespace", namespace })) continue;
      this.#mark(source, committedAtMs);
      this.#schedule();
    }
  }

  /** Nothing is made any more. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#dirty.clear();
  }

  #mark(source: Source, committedAtMs: number): void {
    const key = sourceKey(source);
    if (!this.#dirty.has(key)) this.#dirty.set(key, { source, committedAtMs });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const { soon = setImmediate } = this.#options;
    soon(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#closed) return;
    this.#forgetRested();
    this.#makeAll("service");
    this.#makeAll("namespace");
    this.#timer?.cancel();
    if (this.#dirty.size > 0) this.#later();
  }

  #forgetRested(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [key, untilMs] of this.#resting) if (untilMs <= nowMs) this.#resting.delete(key);
  }

  #makeAll(kind: Source["kind"]): void {
    for (const [key, change] of [...this.#dirty]) {
      if (change.source.kind !== kind || this.#resting.has(key)) continue;
      this.#dirty.delete(key);
      this.#make(key, change);
    }
  }

  #make(key: string, { source, committedAtMs }: Dirty): void {
    const { topics, namespaces, clock } = this.#options;
    const startedMs = clock.monotonicMs();
    topics.refresh(source, committedAtMs);
    if (source.kind === "service" && namespaces.refresh(source.ref)) {
      this.#mark({ kind: "namespace", namespace: source.ref.namespace }, committedAtMs);
    }
    const tookMs = clock.monotonicMs() - startedMs;
    if (tookMs > HEAVY_MS) this.#resting.set(key, clock.monotonicMs() + Math.min(tookMs * REST, MAX_REST_MS));
  }

  /** What rests is made when the first of it has rested. */
  #later(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const waits = [...this.#dirty.keys()].map((key) => (this.#resting.get(key) ?? nowMs) - nowMs);
    this.#timer = this.#options.clock.after(Math.max(1, Math.min(...waits)), () => this.#flush());
  }
}
