import type { Clock } from "../../stream/index.js";
import { alignDown, type CallReader } from "../calls/call-query.js";
import type { CallSeriesKey } from "../calls/call-stats.js";
import { type CallPoint, Figures } from "../calls/figures.js";
import { rosterKey } from "../roster.js";

/** Who calls whom: a consumer and a service. */
export type CallEdge = Pick<CallSeriesKey, "consumerNamespace" | "consumer" | "namespace" | "service">;

/** The calls of the last stretch of time. */
export class CallSummary {
  readonly startMs: number;
  readonly #windowMs: number;
  /** service, as the roster names it -> its calls. */
  readonly #services = new Map<string, Figures>();
  readonly #edges = new Map<string, { readonly edge: CallEdge; readonly figures: Figures }>();

  constructor(startMs: number, windowMs: number) {
    this.startMs = startMs;
    this.#windowMs = windowMs;
  }

  /** The calls of a service, by the roster's key. */
  of(key: string): CallPoint {
    return (this.#services.get(key) ?? new Figures()).point(this.startMs, this.#windowMs);
  }

  /** Every service that was called. */
  services(): Iterable<string> {
    return this.#services.keys();
  }

  /** Every pair of consumer and service between which calls were seen. */
  *edges(): Iterable<CallEdge & { readonly calls: CallPoint }> {
    for (const { edge, figures } of this.#edges.values()) {
      yield { ...edge, calls: figures.point(this.startMs, this.#windowMs) };
    }
  }

  /** Adds one record. */
  add(stats: Parameters<Figures["add"]>[0] & CallEdge): void {
    const { consumerNamespace, consumer, namespace, service } = stats;
    const key = rosterKey({ namespace, name: service });
    const figures = this.#services.get(key) ?? new Figures();
    this.#services.set(key, figures);
    figures.add(stats);
    const edgeKey = `${consumerNamespace}/${consumer}>${key}`;
    const known = this.#edges.get(edgeKey);
    const edge = known ?? { edge: { consumerNamespace, consumer, namespace, service }, figures: new Figures() };
    if (!known) this.#edges.set(edgeKey, edge);
    edge.figures.add(stats);
  }
}

/** Sums the calls of the last `windowMs` up to now. @throws DomainError STORE_UNAVAILABLE. */
export async function summarizeCalls(
  calls: CallReader,
  options: { readonly clock: Clock; readonly windowMs: number; readonly signal?: AbortSignal },
): Promise<CallSummary> {
  const nowMs = options.clock.wallMs();
  const startMs = nowMs - options.windowMs;
  const summary = new CallSummary(startMs, options.windowMs);
  for await (const [, stats] of calls.records("R", alignDown(startMs), nowMs + 1)) {
    options.signal?.throwIfAborted();
    summary.add(stats);
  }
  return summary;
}
