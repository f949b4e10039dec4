// npm run bench -- --peer etcd [--rounds N] [WORK…]: Portolan and etcd one after the other, with the same load.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { drawCharts } from "./charts.mjs";
import { measureGrowth } from "./growth.mjs";
import { firstAnswerMs } from "./load.mjs";
import { describeMachine, machineLine } from "./machine.mjs";
import { summarize, table } from "./report.mjs";
import { Server } from "./servers.mjs";
import { WORKS } from "./works.mjs";

const BENCH = join(import.meta.dirname, "..");
const PEERS = ["portolan", "etcd"];

/** Runs the works named (all of them unless named) and writes bench/results/<date>.json; with `growth` the curves too. */
export async function compare({ rounds, works, growth }) {
  execFileSync("bash", [join(BENCH, "install.sh")], { stdio: "inherit" });
  const machine = describeMachine();
  console.log(`${machineLine(machine)}\n`);
  const figures = await measure(works, rounds);
  const summary = summarize(figures);
  console.log(`\n${table(summary)}`);
  const curves = growth ? await measureGrowth() : undefined;
  const results = join(BENCH, "results");
  mkdirSync(results, { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  const file = join(results, `${date}.json`);
  writeFileSync(file, `${JSON.stringify({ date, machine, rounds, summary, figures, curves }, null, 1)}\n`);
  console.log(`\nwritten: bench/results/${date}.json`);
  if (curves) for (const name of await drawCharts(curves, results)) console.log(`written: bench/results/${name}`);
}

/** work -> peer -> the figures of each round. The order within a round alternates, so that a drift of the machine hits both. */
async function measure(works, rounds) {
  const figures = {};
  for (const work of works) {
    figures[work] = { portolan: [], etcd: [] };
    for (let round = 0; round < rounds; round++) {
      for (const peer of round % 2 === 0 ? PEERS : PEERS.toReversed()) {
        const result = await measureOne(work, peer);
        figures[work][peer].push(result);
        console.log(`${work} ${round + 1}/${rounds} ${peer}: ${JSON.stringify(result)}`);
      }
    }
  }
  return figures;
}

async function measureOne(work, peer) {
  const server = await Server.create(peer);
  server.spawn();
  try {
    server.coldMs = await firstAnswerMs(server);
    return await WORKS[work](server);
  } finally {
    await server.dispose();
  }
}
