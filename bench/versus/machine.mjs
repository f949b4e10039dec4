// The machine that a result was measured on, and what else it was doing.
import { execFileSync } from "node:child_process";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { TOOLS } from "./servers.mjs";

export function describeMachine() {
  const [first] = execFileSync(join(TOOLS, "etcd"), ["--version"], { encoding: "utf8" }).split("\n");
  return {
    cpus: `${cpus().length} x ${cpus()[0]?.model}`,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: `Linux ${release()}`,
    node: process.version,
    etcd: first.replace("etcd Version: ", ""),
    loadBefore: loadavg()[0],
  };
}

export function machineLine({ cpus, memoryGib, kernel, node, etcd, loadBefore }) {
  return `${cpus}, ${memoryGib} GiB, ${kernel}, Node ${node}, etcd ${etcd}; load before: ${loadBefore.toFixed(2)}`;
}
