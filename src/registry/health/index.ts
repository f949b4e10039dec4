/**
 * What consumers are told of an instance: the worst of what it says itself, what probes found, what its callers saw and what
 * was ordered; held back where it changes too often.
 *
 * Rules are pure functions in files of their own (`combine.ts`, `flapping.ts`, `slow-start.ts`); `judge.ts` applies them in
 * every write, `health-keeper.ts` brings in what happens without one.
 *
 * @module
 */
export { combine, type Opinions } from "./combine.js";
export type { FlapLimits } from "./flapping.js";
export { HealthKeeper, type HealthKeeperOptions, type HealthLimits } from "./health-keeper.js";
export { type Case, Judge, type Judgement } from "./judge.js";
export { sameVoices } from "./same-voices.js";
