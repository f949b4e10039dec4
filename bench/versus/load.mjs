// Runs the load tool (bench/load) against a server and reads what it measured.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { TOOLS } from "./servers.mjs";

const run = promisify(execFile);

/** `load(server, "write", { seconds: 10 })`: the tool's result; rejects with what it said when the work failed. */
export async function load(server, work, flags = {}) {
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const about = ["--peer", server.peer, "--address", server.address, "--pid", String(server.pid)];
  try {
    const { stdout } = await run(join(TOOLS, "load"), [work, ...about, ...words]);
    return JSON.parse(stdout);
  } catch (error) {
    throw new Error(
      `${server.peer}, ${work}: ${error.stderr?.trim() || error.message}\n${Buffer.concat(server.errors)}`,
    );
  }
}

/** Milliseconds from the start of a server to its first answer. */
export async function firstAnswerMs(server) {
  const { unixMs } = await load(server, "first");
  return unixMs - server.startedUnixMs;
}
