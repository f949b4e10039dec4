import type { CallStats } from "./call-stats.js";
import { Histogram } from "./histogram.js";
import { isServerFault } from "./status-codes.js";

/** How calls went in a stretch of time. */
export interface CallPoint {
  /** The start of the stretch, milliseconds since the epoch. */
  readonly startMs: number;
  readonly calls: number;
  /** Calls that ended with a code that is the server's fault. */
  readonly errors: number;
  readonly callsPerSecond: number;
  /** Percentiles in milliseconds; 0 when no latency is known. */
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
}

/** Adds calls up to a point. */
export class Figures {
  #calls = 0;
  #errors = 0;
  readonly #latency = new Histogram();

  get calls(): number {
    return this.#calls;
  }

  /** Adds all calls of a record. */
  add(stats: Pick<CallStats, "callsByCode" | "latency">): void {
    for (const [code, calls] of stats.callsByCode) this.addCode(code, calls);
    if (stats.latency) this.#latency.add(stats.latency);
  }

  /** Adds calls that ended with one code; their latency is not known apart from the others'. */
  addCode(code: number, calls: number): void {
    this.#calls += calls;
    if (isServerFault(code)) this.#errors += calls;
  }

  /** The point of a stretch of time; an empty stretch has no rate. */
  point(startMs: number, durationMs: number): CallPoint {
    return {
      startMs,
      calls: this.#calls,
      errors: this.#errors,
      callsPerSecond: durationMs > 0 ? (this.#calls * 1000) / durationMs : 0,
      p50Ms: this.#latency.quantile(0.5),
      p90Ms: this.#latency.quantile(0.9),
      p99Ms: this.#latency.quantile(0.99),
    };
  }
}
