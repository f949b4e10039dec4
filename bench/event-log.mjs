// What recording an event costs: 10,000 registrations a second, as a store's feed brings them, into an event log on a real
// directory. Usage: npm run build && node bench/event-log.mjs [changes] [changes-at-once] [dist]
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pino } from "pino";
import { Registry } from "prom-client";

const changes = Number(process.argv[2] ?? 50_000);
const batch = Number(process.argv[3] ?? 50);
/** Changes that are made before they are fed, so that few are kept. */
const STRETCH = 1_000;
const CHANGES_A_SECOND = 10_000;
const dist = resolve(process.argv[4] ?? "dist");
const load = (path) => import(join(dist, "src", path));
const { systemClock } = await load("stream/index.js");
const { createTelemetryMetrics, levelDatabase } = await load("telemetry/index.js");
const { Disk } = await load("telemetry/disk/disk.js");
const { EventLog } = await load("telemetry/events/event-log.js");
const { EventRecorder } = await load("telemetry/events/event-recorder.js");
const { RecentEvents } = await load("telemetry/events/recent-events.js");

/** A store that has nothing but a feed. */
class Feed {
  #revision = 0n;
  #listener = () => undefined;

  status() {
    return { revision: this.#revision, compactedRevision: 0n };
  }

  subscribe(listener) {
    this.#listener = listener;
    return () => undefined;
  }

  async *changes() {}

  publish(changeSets) {
    this.#revision = changeSets.at(-1)?.revision ?? this.#revision;
    this.#listener(changeSets);
  }
}

function registration(index) {
  const value = {
    namespace: "default",
    service: `service-${index % 1_000}`,
    id: `instance-${index}`,
    endpoints: [{ name: "grpc", host: "10.0.0.5", port: 8080, protocol: "grpc", tls: false }],
    version: "1.4.2",
    labels: { team: "pay", env: "prod" },
    reportedHealth: "serving",
    health: "serving",
    healthReason: "",
    holder: { kind: "session", sessionId: `session-${index % 100}` },
    registeredAtMs: 0,
  };
  const key = `instance/default/${value.service}/${value.id}`;
  return {
    revision: BigInt(index + 1),
    committedAtMs: 1_700_000_000_000 + Math.floor(index / 10), // 10,000 a second
    actor: `session:session-${index % 100}`,
    cause: "register",
    changes: [{ key, after: { kind: "instance", value } }],
  };
}

/** Nanoseconds that the main thread has run. */
function mainThreadNs() {
  const text = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8");
  return Number(text.split(" ")[0]);
}

const dataDir = await mkdtemp(join(tmpdir(), "portolan-bench-"));
const options = {
  clock: systemClock,
  log: pino({ enabled: false }),
  metrics: createTelemetryMetrics(new Registry()),
  syncMs: 800,
};
const disk = new Disk({ ...options, database: levelDatabase(dataDir) });
await disk.open();
const store = new Feed();
const events = await EventLog.open({ ...options, disk, storeRevision: 0n });
const recent = new RecentEvents({ capacity: 20_000, last: { revision: 0n, order: -1 } });
const recorder = new EventRecorder({ ...options, store, events, recent, maxPendingChanges: 20_000, gatherMs: 200 });
await recorder.settled();

/** Microseconds a change, of the main thread and of the process, without the making of the changes. */
async function measure(from, to, publish) {
  const cost = { main: 0, all: 0 };
  for (let start = from; start < to; start += STRETCH) {
    const sets = Array.from({ length: STRETCH }, (_, offset) => registration(start + offset));
    const [mainBefore, before] = [mainThreadNs(), process.cpuUsage()];
    for (let at = 0; at < STRETCH; at += batch) {
      publish(sets.slice(at, at + batch));
      await pause((1_000 * batch) / CHANGES_A_SECOND);
    }
    const { user, system } = process.cpuUsage(before);
    cost.main += (mainThreadNs() - mainBefore) / 1_000 / (to - from);
    cost.all += (user + system) / (to - from);
  }
  return cost;
}

const WARM_UP = 20_000;
const record = (sets) => store.publish(sets);
await measure(0, WARM_UP, record);
const { main, all } = await measure(WARM_UP, WARM_UP + changes, record);
const pauses = await measure(0, changes, () => undefined);
await recorder.settled();
const { events: kept } = disk.usage.totals;
console.log(
  `${(main - pauses.main).toFixed(2)} us of the main thread and ${(all - pauses.all).toFixed(2)} us of the process a change, ${Math.round(kept / (changes + WARM_UP))} bytes`,
);
await recorder[Symbol.asyncDispose]();
await disk[Symbol.asyncDispose]();
await rm(dataDir, { recursive: true });
