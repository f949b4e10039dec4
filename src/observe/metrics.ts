import { monitorEventLoopDelay } from "node:perf_hooks";
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";

/** The registry of one process, and what keeps it filled. */
export interface ProcessMetrics extends Disposable {
  readonly register: Registry;
}

/** How often the event loop's delay is sampled. */
const SAMPLE_MS = 10;
/** A day. */
const RARELY_MS = 86_400_000;

/** Quantiles of the event loop's delay that are told. */
const QUANTILES = [0.5, 0.9, 0.99, 1] as const;

/**
 * Makes the metrics registry with the process's own numbers: memory, CPU, handles, garbage collection, and how late the
 * event loop runs, since it was last asked.
 */
export function createMetrics(options: { readonly version: string }): ProcessMetrics {
  const register = new Registry();
  collectProcess(register);
  const info = new Gauge({
    name: "portolan_build_info",
    help: "1, with the version as a label.",
    labelNames: ["version", "node"],
    registers: [register],
  });
  info.set({ version: options.version, node: process.version }, 1);
  return { register, [Symbol.dispose]: watchEventLoop(register) };
}

/**
 * prom-client's default metrics but for its event loop lag, which `portolan_eventloop_delay_seconds` tells.
 *
 * prom-client lets nobody choose, and its histogram cannot be stopped: its sampling is made so rare that it costs nothing.
 */
function collectProcess(register: Registry): void {
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: RARELY_MS });
  for (const { name } of register.getMetricsAsArray()) {
    if (name.startsWith("nodejs_eventloop_lag_")) register.removeSingleMetric(name);
  }
}

function watchEventLoop(register: Registry): () => void {
  const delay = monitorEventLoopDelay({ resolution: SAMPLE_MS });
  delay.enable();
  new Gauge({
    name: "portolan_eventloop_delay_seconds",
    help: "How late the event loop runs, by quantile, since the last time that this was asked.",
    labelNames: ["quantile"],
    registers: [register],
    collect() {
      for (const quantile of QUANTILES) {
        // What is recorded is the time between two samples: what is over the interval is delay.
        const betweenMs = delay.count === 0 ? 0 : delay.percentile(quantile * 100) / 1e6;
        this.set({ quantile }, Math.max(0, betweenMs - SAMPLE_MS) / 1_000);
      }
      delay.reset();
    },
  });
  return () => delay.disable();
}
