import { expect } from "vitest";
import { Bystander } from "../support/bystander.js";
import { createClients } from "../support/clients.js";
import { slowness } from "../support/slowness.js";
import { until } from "../support/waiting.js";
import { MB, mb, Peak, type WatchedPlane } from "../support/watched-plane.js";

/**
 * The most that resident memory may grow during a flood: what may be buffered (128 MiB in the test), and garbage on top. On a busy
 * machine V8 frees the memory of buffers late: 3 MB answers for a client who reads none have left 580 MB behind for a moment.
 */
const MAX_GROWTH = 700 * MB;
/** What a flood may leave behind when it is over and garbage was freed: caches that warm up, no more. */
const MAX_LEFT = 48 * MB;
/** A unary call is answered within this once a flood has ended, in milliseconds, on a machine that does nothing else. */
const RECOVERED_MS = 2_000;

/** What became of the flood, in words for the line of figures. */
export type Flood = () => Promise<string>;

/**
 * Floods a server, and holds it to what every flood must leave whole: it lives, others are served meanwhile, its memory is
 * bounded, and soon after the end it answers as before and holds no more than before.
 */
export async function survives(plane: WatchedPlane, name: string, flood: Flood): Promise<void> {
  const before = await plane.held();
  const startRss = await plane.rss();
  using peak = new Peak(plane);
  using bystander = new Bystander(plane.grpcUrl);
  const outcome = await flood();
  const recoveredMs = await answers(plane);
  const slow = await slowness();
  const sight = await bystander.stop();
  const left = await leftover(plane, before.heapUsed + before.external);
  console.log(
    `faults: floods: ${name}: ${outcome}; RSS ${mb(startRss)} -> ${mb(peak.highest)}, left ${mb(left)}; ` +
      `bystander ${sight.calls} calls, p99 ${Math.round(sight.p99)} ms, worst ${Math.round(sight.worst)} ms; ` +
      `answers ${Math.round(recoveredMs)} ms after (machine ${slow.toFixed(1)} x slower than idle)`,
  );
  expect(sight.failures, "the bystander's failed calls").toEqual([]);
  expect(sight.calls, "the bystander's calls").toBeGreaterThan(0);
  expect(peak.highest - startRss, "bytes that RSS grew by").toBeLessThan(MAX_GROWTH);
  expect(recoveredMs, "milliseconds until a new client is answered").toBeLessThan(RECOVERED_MS * slow);
  expect(left, "bytes left behind").toBeLessThan(MAX_LEFT);
}

/** How long new clients of both ports wait for their first answer, in milliseconds. */
async function answers(plane: WatchedPlane): Promise<number> {
  using clients = createClients(plane.grpcUrl);
  const start = performance.now();
  const page = fetch(`${plane.plane.http}/healthz`, { headers: { connection: "close" } });
  await Promise.all([clients.registry.listServices({}, { timeoutMs: 10_000 }), page.then((answer) => answer.text())]);
  return performance.now() - start;
}

/** Bytes that are held beyond `before`, once connections had a moment to go. */
async function leftover(plane: WatchedPlane, before: number): Promise<number> {
  let left = 0;
  const fell = async () => {
    const { heapUsed, external } = await plane.held();
    left = heapUsed + external - before;
    return left < MAX_LEFT;
  };
  await until("memory falls back", fell, 8_000).catch(() => undefined);
  return left;
}
