// node bench/flame.mjs WORK [FILE.svg]: a flame graph of the server's main thread under one of the comparison's works.
// Needs Go, and Rust's cargo for inferno, which draws it; both are installed into bench/.tools.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { firstAnswerMs } from "./versus/load.mjs";
import { Server, TOOLS, UNBUNDLED_MAIN } from "./versus/servers.mjs";
import { WORKS } from "./versus/works.mjs";

const INFERNO = "0.12.8";
const DRAW = join(TOOLS, "bin/inferno-flamegraph");
const [work = "register", file = `flame-${work}.svg`] = process.argv.slice(2);

if (!Object.hasOwn(WORKS, work)) {
  console.error(`flame: no work named ${work}; there are: ${Object.keys(WORKS).join(", ")}`);
  process.exit(2);
}
execFileSync("bash", [join(import.meta.dirname, "install.sh")], { stdio: "inherit" });
if (!existsSync(DRAW)) {
  const install = [
    "install",
    "--root",
    TOOLS,
    "--locked",
    "--version",
    INFERNO,
    "inferno",
    "--bin",
    "inferno-flamegraph",
  ];
  execFileSync("cargo", install, { stdio: "inherit" });
}
const profile = await record();
const { status, stdout, stderr } = spawnSync(
  DRAW,
  ["--title", `portolan serve: ${work}`, "--countname", "us", "--minwidth", "0.4", "--colors", "js"],
  { input: folded(profile), maxBuffer: 2 ** 28 },
);
if (status !== 0) throw new Error(String(stderr));
writeFileSync(file, stdout);
console.log(`written: ${file}`);

async function record() {
  const folder = mkdtempSync(join(tmpdir(), "portolan-flame-"));
  try {
    const server = await Server.create("portolan", {
      nodeFlags: ["--cpu-prof", `--cpu-prof-dir=${folder}`],
      main: UNBUNDLED_MAIN,
    });
    server.spawn();
    await firstAnswerMs(server);
    console.log(JSON.stringify(await WORKS[work](server)));
    await server.stop();
    await server.dispose();
    const [name] = readdirSync(folder);
    return JSON.parse(readFileSync(join(folder, name), "utf8"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A V8 profile as folded stacks: "a;b;c microseconds" a line. Idle time is left out. */
function folded({ nodes, samples, timeDeltas }) {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const micros = new Map();
  for (const [index, id] of samples.entries()) micros.set(id, (micros.get(id) ?? 0) + timeDeltas[index]);
  const lines = [];
  for (const [id, spent] of micros) {
    const stack = [];
    for (let at = id; at !== undefined; at = parents.get(at)) stack.unshift(frameName(byId.get(at).callFrame));
    if (!stack.includes("(idle)")) lines.push(`${stack.slice(1).join(";")} ${Math.max(0, spent)}`);
  }
  return lines.join("\n");
}

function frameName({ functionName, url }) {
  const place = url
    .replace(/^.*\/node_modules\//, "")
    .replace(/^.*\/dist\/src\//, "src/")
    .replace(/^file:.*\//, "");
  const name = functionName === "" ? "anonymous" : functionName;
  return (place ? `${name} [${place}]` : name).replaceAll(";", ",");
}
