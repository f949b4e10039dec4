// npm run bench [-- NAME…]                              our own figures beside their targets
// npm run bench -- --peer etcd [--rounds N] [WORK…]     beside etcd, on the same machine with the same load
// npm run bench -- --peer etcd --growth                 and the curves of growth
// npm run bench -- --peer xds [--rounds N]              xDS beside go-control-plane
import { cpus, release, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { SCENARIOS } from "./scenarios.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peer: { type: "string" },
    rounds: { type: "string", default: "3" },
    growth: { type: "boolean", default: false },
  },
});

if (values.peer === undefined) await runScenarios(named(SCENARIOS));
else await runComparison();

async function runComparison() {
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) refuse("--rounds takes a whole number from 1");
  if (values.peer === "xds") {
    const { compareXds } = await import("./xds/run.mjs");
    await compareXds({ rounds });
    return;
  }
  if (values.peer !== "etcd") refuse(`no peer named ${values.peer}; there are: etcd, xds`);
  const { compare } = await import("./versus/run.mjs");
  const { WORKS } = await import("./versus/works.mjs");
  await compare({ rounds, works: named(WORKS), growth: values.growth });
}

async function runScenarios(names) {
  console.log(
    `${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.version}\n`,
  );
  for (const name of names) {
    for (const [what, figure, unit, target] of await SCENARIOS[name]()) {
      const digits = figure < 10 ? 2 : 0;
      const shown = figure.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
      console.log(`${what.padEnd(60)} ${shown.padStart(10)} ${unit.padEnd(12)} ${target}`);
    }
  }
}

/** The names given, all of them unless any is. */
function named(table) {
  const unknown = positionals.filter((name) => !Object.hasOwn(table, name));
  if (unknown.length > 0) refuse(`nothing named ${unknown.join(", ")}; there are: ${Object.keys(table).join(", ")}`);
  return positionals.length > 0 ? positionals : Object.keys(table);
}

function refuse(why) {
  console.error(`bench: ${why}`);
  process.exit(2);
}
