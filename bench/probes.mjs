// node bench/probes.mjs [grpc|http|tcp] [instances]: what it costs to probe many instances every ten seconds.
// The servers that are probed are one process of their own, which listens on many ports.
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttp } from "node:http";
import { createServer as createHttp2 } from "node:http2";
import { createServer as createTcp } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const SECONDS = 30;
const PORTS = 200;
/** A usual limit of open files is 20,000: the rest of the instances is connected to anew each time. */
const MAX_CONNECTIONS = 15_000;
const SERVING = Buffer.from([0, 0, 0, 0, 2, 8, 1]);

const listeners = {
  tcp: () => createTcp((socket) => socket.on("error", () => {}).resume()),
  http: () => createHttp({ keepAliveTimeout: 60_000 }, (_, response) => response.end()),
  grpc: () =>
    createHttp2().on("stream", (stream) => {
      stream.on("error", () => {});
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(SERVING);
    }),
};

const [kind = "http", count = "20000", role] = process.argv.slice(2);
if (!Object.hasOwn(listeners, kind)) {
  console.error(`probes: no kind named ${kind}; there are: ${Object.keys(listeners).join(", ")}`);
  process.exit(2);
}
if (role === "servers") await serve();
else await measure(Number(count));

async function serve() {
  const ports = [];
  for (let n = 0; n < PORTS; n++) {
    const server = listeners[kind]().listen(0, "127.0.0.1");
    await once(server, "listening");
    ports.push(server.address().port);
  }
  process.send(ports);
  process.once("disconnect", () => process.exit());
}

async function measure(instances) {
  const { pino } = await import("pino");
  const { Registry } = await import("prom-client");
  const { Prober } = await import("../dist/src/registry/health/probe/prober.js");
  const { createProbeMetrics } = await import("../dist/src/registry/health/probe/metrics.js");
  const { parseProbeAddresses } = await import("../dist/src/registry/health/probe/addresses.js");
  const { systemClock } = await import("../dist/src/stream/index.js");
  const servers = fork(import.meta.filename, [kind, count, "servers"]);
  const [ports] = await once(servers, "message");
  const register = new Registry();
  const prober = new Prober({
    clock: systemClock,
    log: pino({ level: "silent" }),
    metrics: createProbeMetrics(register),
    limits: { maxInFlight: 1_000, maxConnections: MAX_CONNECTIONS },
    addresses: parseProbeAddresses("loopback"),
    onFinding: () => {},
  });
  const startRss = process.memoryUsage.rss();
  for (let n = 0; n < instances; n++) prober.begin(instanceAt(n, ports[n % ports.length]));
  await sleep(15_000); // every one was probed once, and what runs is compiled
  const before = process.cpuUsage();
  const [probesBefore] = await countOf(register);
  await sleep(SECONDS * 1_000);
  const { user, system } = process.cpuUsage(before);
  const [probes, failures] = await countOf(register);
  console.log(
    JSON.stringify({
      kind,
      instances,
      probesPerSecond: Math.round((probes - probesBefore) / SECONDS),
      failures,
      cores: Number(((user + system) / 1e6 / SECONDS).toFixed(3)),
      connections: prober.connections,
      rssMb: Math.round((process.memoryUsage.rss() - startRss) / 2 ** 20),
    }),
  );
  await prober.stop();
  servers.disconnect();
}

/** Probes so far, and those of them that failed. */
async function countOf(register) {
  const { values } = await register.getSingleMetric("portolan_registry_probes_total").get();
  const sum = (some) => some.reduce((total, { value }) => total + value, 0);
  return [sum(values), sum(values.filter(({ labels }) => labels.outcome !== "passed"))];
}

function instanceAt(n, port) {
  const probe = { grpc: { kind, service: "" }, http: { kind, path: "/", expectedStatuses: [] }, tcp: { kind } }[kind];
  return {
    namespace: "default",
    service: "bench",
    id: `i-${n}`,
    endpoints: [{ name: "default", host: "127.0.0.1", port, protocol: "unspecified", tls: false }],
    healthCheck: {
      probe,
      endpointName: "",
      intervalMs: 10_000,
      timeoutMs: 1_000,
      unhealthyThreshold: 3,
      healthyThreshold: 2,
    },
  };
}
