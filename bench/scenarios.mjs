// What is measured. Each scenario answers rows: [what, figure, unit, target].
import {
  connect,
  connectBare,
  decode,
  duplex,
  each,
  encode,
  percentile,
  schemas,
  sleep,
  stream,
  unary,
} from "./client.mjs";
import { dataDir, startPlane } from "./plane.mjs";

const REGISTRY = "/portolan.registry.v1.RegistryService";
const DISCOVERY = "/portolan.discovery.v1.DiscoveryService";

const instance = (service, id, version = "1.0.0") => ({
  service,
  id,
  version,
  endpoints: [{ name: "grpc", host: "10.0.0.5", port: 8080, protocol: 1 }],
  labels: { env: "prod" },
});

async function fill(client, services, perService) {
  await each(services, 4, (s) => {
    const requests = Array.from({ length: perService }, (_, i) => ({
      instance: instance(`service-${s}`, `instance-${i}`),
      ttl: { seconds: 0n, nanos: 0 },
    }));
    return unary(client, `${REGISTRY}/RegisterBatch`, encode(schemas.RegisterBatchRequestSchema, { requests }));
  });
}

/** 100,000 instances in 1,000 services: filling, memory, restart, resolving at a steady rate. */
async function catalogue() {
  const dir = dataDir();
  let plane = await startPlane({ dir });
  const coldMs = plane.readyMs;
  const [client] = connect(plane.address);
  const startedAt = performance.now();
  await fill(client, 1_000, 100);
  const fillSeconds = (performance.now() - startedAt) / 1000;
  await sleep(2_000);
  const rss = plane.rssMb();
  client.close();
  await plane.stop("SIGKILL");
  plane = await startPlane({ dir });
  const { readyMs } = plane;
  const rssAfter = plane.rssMb();
  const consumers = await Promise.all(Array.from({ length: 4 }, () => connectBare(plane.address)));
  const latencies = await resolveAt(consumers, 1_000, 10);
  for (const consumer of consumers) consumer.close();
  await plane.stop();
  return [
    ["cold start of an empty server", coldMs / 1000, "s", ""],
    ["register 100,000 instances by RegisterBatch", fillSeconds, "s", "< 10"],
    ["RSS with 100,000 instances", rss, "MB", "< 600"],
    ["restart after kill -9 with 100,000 instances, to ready", readyMs / 1000, "s", "< 5"],
    ["RSS after that restart", rssAfter, "MB", "< 600"],
    ["Resolve of 100 instances at 1,000/s, p50", percentile(latencies, 0.5), "ms", ""],
    ["Resolve of 100 instances at 1,000/s, p99", percentile(latencies, 0.99), "ms", "< 20"],
  ];
}

/** Open loop: calls start on schedule whether or not earlier ones have ended, and time counts from the schedule. */
async function resolveAt(clients, perSecond, seconds) {
  const latencies = [];
  const calls = [];
  const startedAt = performance.now();
  for (let i = 0; i < perSecond * seconds; i++) {
    const dueMs = startedAt + (i * 1000) / perSecond;
    while (performance.now() < dueMs) await sleep(1);
    const request = encode(schemas.ResolveRequestSchema, { target: { service: `service-${i % 1_000}` } });
    calls.push(
      clients[i % clients.length]
        .call(`${DISCOVERY}/Resolve`, request)
        .then(() => latencies.push(performance.now() - dueMs)),
    );
  }
  await Promise.all(calls);
  return latencies.slice(perSecond);
}

/** 1,000 watchers of one service of 200 instances, 16 writers. */
async function watchers() {
  const plane = await startPlane({ dir: dataDir() });
  const clients = connect(plane.address, 10);
  const [writer] = connect(plane.address);
  await fill(writer, 1, 200);
  const tally = { puts: 0, merged: 0, synced: 0, revisions: new Array(1_000).fill(0n) };
  const request = encode(schemas.WatchRequestSchema, { targets: [{ service: "service-0" }] });
  for (let i = 0; i < 1_000; i++) stream(clients[i % 10], `${DISCOVERY}/Watch`, request, count(tally, i));
  while (tally.synced < 1_000) await sleep(20);
  const before = { ...tally, cpu: plane.cpuSeconds() };
  const startedAt = performance.now();
  let writes = 0;
  let last = 0n;
  await each(16, 16, async (w) => {
    while (performance.now() - startedAt < 10_000) {
      const version = `${w}.${writes++}`;
      const update = {
        instance: { service: "service-0", id: `instance-${writes % 200}`, version },
        updateMask: { paths: ["version"] },
      };
      const bytes = await unary(
        writer,
        `${REGISTRY}/UpdateInstance`,
        encode(schemas.UpdateInstanceRequestSchema, update),
      );
      last = decode(schemas.UpdateInstanceResponseSchema, bytes).revision;
    }
  });
  while (tally.revisions.some((revision) => revision < last - 16n)) await sleep(5);
  const seconds = (performance.now() - startedAt) / 1000;
  const rows = [
    ["1,000 watchers: changes delivered", (tally.puts - before.puts) / seconds, "/s", "> 100,000"],
    ["1,000 watchers: changes merged for who was behind", (tally.merged - before.merged) / seconds, "/s", ""],
    ["1,000 watchers: commits", writes / seconds, "/s", ""],
  ];
  for (const client of [...clients, writer]) client.close();
  await plane.stop();
  return rows;
}

/** Counts what a watcher is told. All are told the same bytes, so most messages need no decoding. */
function count(tally, index) {
  return (bytes) => {
    if (!tally.last?.bytes.equals(bytes)) {
      const { updates, merged, synced, revision } = decode(schemas.WatchResponseSchema, bytes);
      const puts = updates.reduce((sum, { put, removed }) => sum + put.length + removed.length, 0);
      tally.last = { bytes, puts, merged: Number(merged), synced, revision };
    }
    const { puts, merged, synced, revision } = tally.last;
    tally.puts += puts;
    tally.merged += merged;
    if (synced) tally.synced++;
    if (revision > 0n) tally.revisions[index] = revision;
  };
}

/**
 * 12,000 idle sessions with an instance each: what they cost. Memory is counted from the 4,000th on, when the young
 * generation of the heap, which is there once and for all, has grown to its full size.
 */
async function sessions() {
  const plane = await startPlane({ dir: dataDir() });
  const clients = connect(plane.address, 10);
  const opened = { committed: 0 };
  await openSessions(clients, 0, 4_000, opened);
  const rss = plane.rssMb();
  await openSessions(clients, 4_000, 12_000, opened);
  const kb = ((plane.rssMb() - rss) * 1024) / 8_000;
  const cpu = plane.cpuSeconds();
  await sleep(10_000);
  const idleCpu = (plane.cpuSeconds() - cpu) / 10;
  for (const client of clients) client.close();
  await plane.stop("SIGKILL");
  return [
    ["memory a session with one instance (RSS, garbage included)", kb, "kB", "< 20"],
    ["CPU of 12,000 idle sessions", idleCpu * 100, "% of a core", "~ 0"],
  ];
}

async function openSessions(clients, from, to, opened) {
  for (let i = from; i < to; i++) {
    const call = duplex(clients[i % clients.length], `${REGISTRY}/Session`, (bytes) => {
      if (decode(schemas.SessionResponseSchema, bytes).response.case === "committed") opened.committed++;
    });
    const send = (requestId, request) => call.write(encode(schemas.SessionRequestSchema, { requestId, request }));
    send(1n, { case: "open", value: { client: `bench-${i}` } });
    send(2n, { case: "register", value: { instance: instance("idle", `instance-${i}`) } });
    while (i - opened.committed > 200) await sleep(5);
  }
  while (opened.committed < to) await sleep(20);
  await sleep(3_000);
}

/** Name -> scenario, in the order in which they run. */
export const SCENARIOS = { catalogue, watchers, sessions };
