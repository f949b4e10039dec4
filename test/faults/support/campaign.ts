import { randomInt } from "node:crypto";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** How long all suites may take together, in seconds. */
export const TOTAL_SECONDS = Number(process.env.FAULTS_SECONDS ?? 600);

/** Suite -> its part of the time. */
const SHARES = {
  crash: 0.25,
  linearizability: 0.2,
  watch: 0.2,
  readers: 0.1,
  floods: 0.1,
  resources: 0.05,
  fuzz: 0.1,
} as const;

/** Random choices that the same seed repeats. */
export interface Random {
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number;
  /** True `share` of the time, 0 to 1. */
  chance(share: number): boolean;
  pick<T>(values: readonly T[]): T;
  /** An independent stream of choices, so that workers who run at once do not take each other's. */
  fork(): Random;
}

/** One suite's run. */
export interface Campaign {
  readonly seed: number;
  readonly random: Random;
  /** How long this suite may take, in milliseconds: `part` of its share. */
  budgetMs(part?: number): number;
}

/** Chooses the seed and prints it, so that what is found can be found again. */
export function startCampaign(suite: keyof typeof SHARES): Campaign {
  const seed = Number(process.env.FAULTS_SEED ?? randomInt(2 ** 31));
  console.log(`faults: ${suite} runs with --seed ${seed}`);
  return {
    seed,
    random: createRandom(seed),
    budgetMs: (part = 1) => TOTAL_SECONDS * 1_000 * SHARES[suite] * part,
  };
}

export function createRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  const below = (bound: number) => uniformInt(generator, 0, bound - 1);
  return {
    below,
    chance: (share) => below(1_000_000) < share * 1_000_000,
    pick(values) {
      const picked = values[below(values.length)];
      if (picked === undefined) throw new RangeError("nothing to pick from");
      return picked;
    },
    fork: () => createRandom(below(2 ** 31)),
  };
}
