// What a suite has a server do to itself. Loaded before the server; each line on standard input is an order, and each is answered
// by a line {"inside": order, ...} on standard output when it was carried out.
import { createInterface } from "node:readline";

const wallMs = Date.now;
let shiftMs = 0;

const orders = {
  /** Frees what can be freed, and tells what is left. */
  async gc() {
    for (let round = 0; round < 3; round++) {
      globalThis.gc();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return process.memoryUsage();
  },
  /** Keeps the event loop from turning. */
  block(ms) {
    const until = performance.now() + Number(ms);
    while (performance.now() < until);
    return {};
  },
  /** Sets the wall clock, as this process sees it, forward or back. */
  clock(ms) {
    shiftMs += Number(ms);
    Date.now = () => wallMs() + shiftMs;
    return {};
  },
  /** Open file descriptors, sockets among them. */
  async files() {
    const { readdir } = await import("node:fs/promises");
    return { files: (await readdir("/proc/self/fd")).length - 1 };
  },
};

const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...values) {
    if (values.length === 0) super(globalThis.Date.now());
    else super(...values);
  }
};

createInterface({ input: process.stdin }).on("line", async (line) => {
  const [order, ...values] = line.split(" ");
  const answer = await orders[order](...values);
  process.stdout.write(`${JSON.stringify({ inside: order, ...answer })}\n`);
});
process.stdin.unref();
