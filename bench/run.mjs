// npm run bench [-- NAME…]: runs the scenarios (all of them unless named) and prints what was measured beside its target.
import { cpus, release, totalmem } from "node:os";
import { SCENARIOS } from "./scenarios.mjs";

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in SCENARIOS));
if (unknown.length > 0) {
  console.error(`no scenario named ${unknown.join(", ")}; there are: ${Object.keys(SCENARIOS).join(", ")}`);
  process.exit(2);
}
console.log(
  `${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.version}\n`,
);
for (const name of names.length > 0 ? names : Object.keys(SCENARIOS)) {
  for (const [what, figure, unit, target] of await SCENARIOS[name]()) {
    const digits = figure < 10 ? 2 : 0;
    const shown = figure.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    console.log(`${what.padEnd(60)} ${shown.padStart(10)} ${unit.padEnd(12)} ${target}`);
  }
}
