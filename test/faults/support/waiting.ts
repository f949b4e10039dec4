import { setTimeout as sleep } from "node:timers/promises";

/** Looks again and again until it holds, and answers how long that took, in milliseconds. Throws when it does not within `withinMs`. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs: number): Promise<number> {
  const start = performance.now();
  while (!(await holds())) {
    if (performance.now() - start > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(25);
  }
  return performance.now() - start;
}

/** Does something again and again until the time is over; answers how often. */
export async function during(ms: number, work: (round: number) => Promise<unknown>): Promise<number> {
  const end = performance.now() + ms;
  let rounds = 0;
  while (performance.now() < end) await work(rounds++);
  return rounds;
}
