import fc from "fast-check";
import type { Random } from "../support/campaign.js";

/** What is explored: values, and what must hold for each. A property that fails throws. */
export interface Subject<T> {
  readonly name: string;
  readonly any: fc.Arbitrary<T>;
  check(value: T): Promise<void>;
}

/** How long to explore. */
export interface Extent {
  readonly random: Random;
  /** In milliseconds. Not looked at before every subject has had its `least`. */
  readonly budgetMs: number;
  /** Runs that every subject gets. */
  readonly least: number;
}

const ROUND = 10;

/**
 * Gives all subjects their turns until the time is up; answers how many runs that were.
 *
 * @throws Error with the subject, the smallest value that fails, and the seed that finds it again.
 */
export async function explore<T>(subjects: readonly Subject<T>[], extent: Extent): Promise<number> {
  const endMs = performance.now() + extent.budgetMs;
  let runs = 0;
  for (let each = 0; each < extent.least || performance.now() < endMs; each += ROUND) {
    for (const subject of subjects) {
      await assertHolds(subject, extent.random.below(2 ** 31));
      runs += ROUND;
    }
  }
  return runs;
}

async function assertHolds<T>({ name, any, check }: Subject<T>, seed: number): Promise<void> {
  try {
    await fc.assert(fc.asyncProperty(any, check), { seed, numRuns: ROUND });
  } catch (error) {
    throw new Error(`${name} does not hold`, { cause: error });
  }
}
