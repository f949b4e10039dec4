// Durable commits a second: COMMITTERS clients, each with one commit under way, one instance a commit.
// Usage: npm run build && node bench/store-commit.mjs [committers] [seconds]
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { Registry } from "prom-client";
import { createStoreMetrics, openLevelStore } from "../dist/src/store/index.js";
import { systemClock } from "../dist/src/stream/index.js";

const committers = Number(process.argv[2] ?? 200);
const seconds = Number(process.argv[3] ?? 5);
const INSTANCES = 100_000;

const dataDir = await mkdtemp(join(tmpdir(), "portolan-bench-"));
const open = () =>
  openLevelStore({
    dataDir,
    clock: systemClock,
    log: pino({ enabled: false }),
    metrics: createStoreMetrics(new Registry()),
  });

function instance(index, version) {
  const value = {
    namespace: "default",
    service: `service-${index % 1_000}`,
    id: `instance-${index}`,
    endpoints: [{ name: "grpc", host: "10.0.0.5", port: 8080, protocol: "grpc", tls: false }],
    locality: { region: "eu-west", zone: "eu-west-1a", subZone: "" },
    weight: 100,
    version,
    labels: { team: "pay", env: "prod" },
    reportedHealth: "serving",
    health: "serving",
    healthReason: "",
    holder: { kind: "session", sessionId: `session-${index}` },
    registeredAtMs: Date.now(),
  };
  return { kind: "instance", value };
}

async function fill(store) {
  const started = performance.now();
  for (let start = 0; start < INSTANCES; start += 1_000) {
    const puts = Array.from({ length: 1_000 }, (_, offset) => instance(start + offset, "1"));
    await store.commit({ actor: "bench", cause: "register", puts });
  }
  return performance.now() - started;
}

async function load(store) {
  const end = performance.now() + seconds * 1_000;
  const latencies = [];
  const committer = async (number) => {
    for (let round = 0; performance.now() < end; round++) {
      const started = performance.now();
      const index = (number * 7_919 + round * committers) % INSTANCES;
      await store.commit({ actor: "bench", cause: "update", puts: [instance(index, String(round))] });
      latencies.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: committers }, (_, number) => committer(number)));
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.floor(latencies.length * share)].toFixed(1);
  return `${Math.round(latencies.length / seconds)} commits/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`;
}

async function backup(store) {
  const started = performance.now();
  let bytes = 0;
  for await (const chunk of store.backup()) bytes += chunk.length;
  return `${(bytes / 2 ** 20).toFixed(1)} MiB in ${(performance.now() - started).toFixed(0)} ms`;
}

async function replay(store) {
  const started = performance.now();
  let changeSets = 0;
  for await (const _ of store.changes({ after: store.status().compactedRevision })) changeSets++;
  return `${changeSets} change sets in ${(performance.now() - started).toFixed(0)} ms`;
}

try {
  let store = await open();
  console.log(`fill with ${INSTANCES} instances: ${(await fill(store)).toFixed(0)} ms`);
  console.log(`${committers} committers: ${await load(store)}`);
  console.log(`backup: ${await backup(store)}`);
  console.log(`history: ${await replay(store)}`);
  await store[Symbol.asyncDispose]();
  const started = performance.now();
  store = await open();
  console.log(`open with ${INSTANCES} instances: ${(performance.now() - started).toFixed(0)} ms`);
  console.log(`memory: ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`);
  await store[Symbol.asyncDispose]();
} finally {
  await rm(dataDir, { recursive: true });
}
