// The clients: one process, which says when the last of them has heard of a change.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

const TOOL = join(import.meta.dirname, "../.tools/xds-load");

/** 100 clients of the state of the world with 10 services each, and 20 wildcard delta clients. */
export class Load {
  #waiting = new Map();
  #firsts = [];
  #child;

  constructor({ address, names }) {
    this.#child = spawn(TOOL, ["-target", address, ...names], { stdio: ["pipe", "pipe", "inherit"] });
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#take(JSON.parse(line)));
  }

  /** Resolves when every client has everything. */
  ready() {
    return this.#once("ready");
  }

  /** When the last subscriber of a service had this port: microseconds since the epoch. */
  heard(service, port) {
    return this.#once(`${service} ${port}`);
  }

  /** How long new clients wait for their first whole configuration, in milliseconds. */
  async first(count) {
    this.#firsts = [];
    const done = this.#once("first");
    this.#wanted = count;
    this.#child.stdin.write(`first ${count}\n`);
    await done;
    return this.#firsts;
  }

  /** Opens streams that hear nothing. */
  async idle(count) {
    const done = this.#once("idle");
    this.#child.stdin.write(`idle ${count}\n`);
    await done;
  }

  stop() {
    this.#child.kill("SIGKILL");
  }

  #wanted = 0;

  #take(line) {
    if (line.ready) this.#tell("ready");
    else if (line.idle) this.#tell("idle");
    else if (line.at) this.#tell(`${line.service} ${line.port}`, line.at);
    else if (line.first_us && this.#firsts.push(line.first_us / 1_000) === this.#wanted) this.#tell("first");
  }

  #once(what) {
    return new Promise((resolve) => this.#waiting.set(what, resolve));
  }

  #tell(what, value) {
    this.#waiting.get(what)?.(value);
    this.#waiting.delete(what);
  }
}
