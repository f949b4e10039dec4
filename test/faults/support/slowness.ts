import { createHash } from "node:crypto";

/** What `work` takes on a machine that has nothing else to do, in milliseconds; some are faster. */
const IDLE_MS = 30;
/** Beyond this a machine is no place to measure on, and limits hold as if it were no slower. */
const MAX_SLOWNESS = 8;

/**
 * How many times slower than an idle machine this one is just now, 1 to 8. Limits of time are multiplied by it: the suites
 * share their cores with whatever else runs.
 */
export async function slowness(): Promise<number> {
  let worst = 1;
  for (let look = 0; look < 5; look++) {
    const start = performance.now();
    work();
    worst = Math.max(worst, (performance.now() - start) / IDLE_MS);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return Math.min(worst, MAX_SLOWNESS);
}

function work(): void {
  const hash = createHash("sha256");
  const bytes = Buffer.alloc(1024 * 1024);
  for (let n = 0; n < 20; n++) hash.update(bytes);
}
