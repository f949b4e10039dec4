// Starts the servers that are compared, each as a process of its own on a data directory of its own.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const BENCH = dirname(dirname(fileURLToPath(import.meta.url)));
export const TOOLS = join(BENCH, ".tools");
const MAIN = join(BENCH, "..", "dist/bin/main.js");
/** The same program in the files of its source, for profiles. */
export const UNBUNDLED_MAIN = join(BENCH, "..", "dist/src/main.js");

/** The name of each server that can be compared -> the command that serves on `port` with data in `dir`. */
const COMMANDS = {
  portolan: ({ port, dir, nodeFlags, main = MAIN }) => [
    process.execPath,
    "--max-semi-space-size=64",
    ...nodeFlags,
    main,
    "serve",
    ...["--grpc-address", `127.0.0.1:${port}`, "--http-address", "off", "--data-dir", dir, "--log-format", "json"],
  ],
  etcd: ({ port, peerPort, dir }) => [
    join(TOOLS, "etcd"),
    ...["--name", "bench", "--data-dir", dir, "--log-level", "error", "--quota-backend-bytes", String(8 * 2 ** 30)],
    ...["--listen-client-urls", `http://127.0.0.1:${port}`, "--advertise-client-urls", `http://127.0.0.1:${port}`],
    ...["--listen-peer-urls", `http://127.0.0.1:${peerPort}`],
    ...["--initial-advertise-peer-urls", `http://127.0.0.1:${peerPort}`],
    ...["--initial-cluster", `bench=http://127.0.0.1:${peerPort}`],
  ],
};

const directories = new Set();
process.once("exit", () => {
  for (const dir of directories) rmSync(dir, { recursive: true, force: true });
});

/** Data lies beside the benchmark and not in the system's temporary folder, which may be memory: then fsync costs nothing. */
function newDirectory() {
  const dir = mkdtempSync(join(BENCH, ".data-"));
  directories.add(dir);
  return dir;
}

/** A server that can be killed and started again on its ports and data. */
export class Server {
  constructor(peer, options) {
    this.peer = peer;
    this.options = options;
    this.address = `127.0.0.1:${options.port}`;
  }

  /** @param options `nodeFlags` of Node and `main`, the file that it runs, both for Portolan. */
  static async create(peer, { nodeFlags = [], main } = {}) {
    const ports = { port: await freePort(), peerPort: await freePort() };
    return new Server(peer, { ...ports, dir: newDirectory(), nodeFlags, main });
  }

  /** Spawns it; does not wait until it serves. */
  spawn() {
    this.startedUnixMs = Date.now();
    const [file, ...args] = COMMANDS[this.peer](this.options);
    this.child = spawn(file, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.errors = [];
    this.child.stderr.on("data", (chunk) => this.errors.push(chunk));
    this.ended = new Promise((resolve) => this.child.once("exit", resolve));
  }

  get pid() {
    return this.child.pid;
  }

  async kill() {
    this.child.kill("SIGKILL");
    await this.ended;
  }

  /** Asks it to end, so that it can say what it knows. */
  async stop() {
    this.child.kill("SIGTERM");
    await this.ended;
  }

  /** Ends it and forgets its data. */
  async dispose() {
    await this.kill();
    rmSync(this.options.dir, { recursive: true, force: true });
    directories.delete(this.options.dir);
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
