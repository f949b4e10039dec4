// npm run bench -- --peer xds [--rounds N]: xDS beside go-control-plane's snapshot cache, with the same clients.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Load } from "./load.mjs";
import { openPeer, openPortolan, PER, SERVICES } from "./servers.mjs";

const BENCH = join(import.meta.dirname, "..");
const CHANGES = 300;
const BURST = 10;
/** Changes before it is measured: both servers then run as they do after a while. */
const WARM_UP = 100;
const FIRST_CLIENTS = 100;
const IDLE_STREAMS = 1_000;
const IDLE_SECONDS = 10;

/** What is told of each server -> the ratio that is asked for, or the most that ours may be. */
const TARGETS = {
  "change to last receipt, p50, ms": {},
  "change to last receipt, p99, ms": { ratio: 1 },
  "burst of 10 services to last receipt, p99, ms": { ratio: 1 },
  "CPU a change, ms": {},
  "memory with 120 clients, MB": { ratio: 1.5 },
  "CPU of 1,000 idle streams, % of a core": { most: 1 },
  "first configuration, p50, ms": {},
  "first configuration, p99, ms": { most: 50 },
};

/** Runs both servers in turns and prints the medians. */
export async function compareXds({ rounds }) {
  execFileSync("bash", [join(BENCH, "xds/install.sh")], { stdio: "inherit" });
  const loadBefore = loadavg()[0];
  const all = { portolan: [], peer: [] };
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? ["portolan", "peer"] : ["peer", "portolan"]) {
      const figures = await measure(name === "portolan" ? openPortolan : openPeer);
      all[name].push(figures);
      console.log(`round ${round + 1}, ${name}: ${Object.values(figures).map(shown).join("  ")}`);
    }
  }
  const machine = `${cpus().length} x ${cpus()[0]?.model}, Linux ${release()}, Node ${process.version}`;
  console.log(`\n${machine}; load before: ${loadBefore.toFixed(2)}; medians of ${rounds}\n`);
  report(all);
  const file = join(BENCH, "results", `xds-${new Date().toISOString().slice(0, 10)}.json`);
  writeFileSync(
    file,
    `${JSON.stringify({ machine, loadBefore, services: SERVICES, instances: PER, ...all }, null, 2)}\n`,
  );
}

async function measure(open) {
  const server = await open();
  const load = new Load(server);
  try {
    await load.ready();
    await changes(server, load, WARM_UP, 1);
    const cpuBefore = server.cpuSeconds();
    const single = await changes(server, load, CHANGES, 1);
    const cpuMs = ((server.cpuSeconds() - cpuBefore) * 1_000) / CHANGES;
    const bursts = await changes(server, load, CHANGES, BURST);
    const rssMb = server.rssMb();
    const first = await load.first(FIRST_CLIENTS);
    return {
      "change to last receipt, p50, ms": quantile(single, 0.5),
      "change to last receipt, p99, ms": quantile(single, 0.99),
      "burst of 10 services to last receipt, p99, ms": quantile(bursts, 0.99),
      "CPU a change, ms": cpuMs,
      "memory with 120 clients, MB": rssMb,
      "CPU of 1,000 idle streams, % of a core": await idleCpu(server, load),
      "first configuration, p50, ms": quantile(first, 0.5),
      "first configuration, p99, ms": quantile(first, 0.99),
    };
  } finally {
    load.stop();
    await server.stop();
  }
}

let nextPort = 1_024;

/** Changes one endpoint of each of some services at once, again and again; answers when the last client had each, in milliseconds. */
async function changes(server, load, count, atOnce) {
  const took = [];
  for (let done = 0; done < count; done += atOnce) {
    const begun = performance.timeOrigin + performance.now();
    const port = ++nextPort;
    const services = Array.from({ length: atOnce }, (_, n) => (done * 7 + n * 13) % SERVICES);
    const heard = services.map((service) => load.heard(service, port));
    for (const service of services) void server.change(service, port);
    for (const at of await Promise.all(heard)) took.push(at / 1_000 - begun);
    await sleep(20);
  }
  return took;
}

async function idleCpu(server, load) {
  await load.idle(IDLE_STREAMS);
  await sleep(3_000);
  const before = server.cpuSeconds();
  await sleep(IDLE_SECONDS * 1_000);
  return ((server.cpuSeconds() - before) / IDLE_SECONDS) * 100;
}

function report({ portolan, peer }) {
  console.log(`${"".padEnd(48)}${["ours", "peer's", "ratio", "asked", ""].map((head) => head.padStart(9)).join("")}`);
  for (const [what, { ratio, most }] of Object.entries(TARGETS)) {
    const [ours, theirs] = [portolan, peer].map((rounds) =>
      quantile(
        rounds.map((figures) => figures[what]),
        0.5,
      ),
    );
    const asked = ratio === undefined ? (most === undefined ? "" : `< ${most}`) : `<= ${ratio}`;
    const held = ratio === undefined ? most === undefined || ours < most : ours / theirs <= ratio;
    const cells = [
      shown(ours),
      shown(theirs),
      theirs > 0 ? (ours / theirs).toFixed(2) : "-",
      asked,
      asked && (held ? "yes" : "no"),
    ];
    console.log(`${what.padEnd(48)}${cells.map((cell) => cell.padStart(9)).join("")}`);
  }
}

function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

function shown(value) {
  return value < 10 ? value.toFixed(2) : value.toFixed(0);
}
