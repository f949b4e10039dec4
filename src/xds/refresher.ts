import type { ServiceRef } from "../model/index.js";
import type { Clock, Timer } from "../stream/index.js";
import { sourceKey } from "./audience.js";
import type { Source } from "./builder.js";
import type { Namespaces } from "./namespaces.js";
import type { Topics } from "./topics.js";

/** Options of `Refresher`. */
export interface RefresherOptions {
  readonly topics: Pick<Topics, "isUsed" | "refresh" | "settle">;
  readonly namespaces: Pick<Namespaces, "differs" | "refresh">;
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
    this.#makeServices();
    this.#makeNamespaces();
    this.#options.topics.settle();
    this.#timer?.cancel();
    if (this.#dirty.size > 0) this.#later();
  }

  #forgetRested(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [key, untilMs] of this.#resting) if (untilMs <= nowMs) this.#resting.delete(key);
  }

  #makeServices(): void {
    const { namespaces } = this.#options;
    for (const [key, { source, committedAtMs }] of [...this.#dirty]) {
      if (source.kind !== "service" || this.#resting.has(key)) continue;
      const namespace: Source = { kind: "namespace", namespace: source.ref.namespace };
      if (namespaces.differs(source.ref)) {
        // Its routes are made in the same breath, or it waits for them: no cluster goes while routes still name it.
        if (this.#resting.has(sourceKey(namespace))) continue;
        namespaces.refresh(source.ref);
        this.#mark(namespace, committedAtMs);
      }
      this.#make(key, { source, committedAtMs });
    }
  }

  #makeNamespaces(): void {
    for (const [key, dirty] of [...this.#dirty]) {
      if (dirty.source.kind === "namespace" && !this.#resting.has(key)) this.#make(key, dirty);
    }
  }

  #make(key: string, { source, committedAtMs }: Dirty): void {
    const { topics, clock } = this.#options;
    this.#dirty.delete(key);
    const startedMs = clock.monotonicMs();
    topics.refresh(source, committedAtMs);
    const tookMs = clock.monotonicMs() - startedMs;
    if (tookMs > HEAVY_MS) this.#resting.set(key, clock.monotonicMs() + Math.min(tookMs * REST, MAX_REST_MS));
  }

  /** What rests is made when the first of it has rested. */
  #later(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const first = Math.min(...this.#resting.values(), nowMs + MAX_REST_MS);
    this.#timer = this.#options.clock.after(Math.max(1, first - nowMs), () => this.#flush());
  }
}
