// Starts a built server on free ports as a process of its own, and reads what the system says of it.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const MAIN = new URL("../dist/bin/main.js", import.meta.url).pathname;
const TICKS_PER_SECOND = 100;

/** A data directory that goes when the benchmark ends. */
export function dataDir() {
  const path = mkdtempSync(join(tmpdir(), "portolan-bench-"));
  process.on("exit", () => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Starts `portolan serve`; resolves when it is ready. */
export async function startPlane({ dir, args = [] }) {
  const startedAt = performance.now();
  const flags = [
    "--grpc-address",
    "127.0.0.1:0",
    "--http-address",
    "127.0.0.1:0",
    "--data-dir",
    dir,
    "--log-format",
    "json",
  ];
  const child = spawn(process.execPath, ["--max-semi-space-size=64", MAIN, "serve", ...flags, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines = createInterface({ input: child.stdout });
  const errors = [];
  child.stderr.on("data", (chunk) => errors.push(chunk));
  const { grpc, http } = await new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`serve ended with ${code}: ${Buffer.concat(errors)}`)));
    lines.on("line", (line) => {
      const { grpc, http } = JSON.parse(line);
      if (grpc) resolve({ grpc, http });
    });
  });
  return new Plane(child, { grpc, http }, performance.now() - startedAt);
}

class Plane {
  constructor(child, { grpc, http }, readyMs) {
    this.child = child;
    this.address = grpc;
    this.http = http;
    this.readyMs = readyMs;
  }

  /** Memory held now, in MB. */
  rssMb() {
    const status = readFileSync(`/proc/${this.child.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  }

  /** CPU used so far, in seconds. */
  cpuSeconds() {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  async stop(signal = "SIGTERM") {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill(signal);
    return ended;
  }
}
