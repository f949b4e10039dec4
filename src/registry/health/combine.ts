import { type Finding, type Health, isWorse, takesCalls, type Voices } from "../../model/index.js";

/** All that is said of an instance's health: by itself, by the drain that was ordered with its leaving, by the others. */
export interface Opinions {
  readonly reportedHealth: Health;
  readonly drainMs?: number | undefined;
  readonly voices?: Voices | undefined;
}

/**
 * What consumers are told: the worst of all voices, and why. Of equally bad ones the first speaks: the instance, its drain, the
 * order, probes, callers, the hold.
 *
 * An order to serve silences probes and callers, who may be wrong; it does not make an instance serve that says it does not.
 */
export function combine({ reportedHealth, drainMs, voices = {} }: Opinions): Finding {
  const { probed, observed, ordered, held } = voices;
  const overruled = ordered !== undefined && takesCalls(ordered.health);
  const others = overruled ? [ordered] : [ordered, probed, observed];
  let worst: Finding = { health: reportedHealth, reason: "" };
  for (const voice of [drainOf(drainMs), ...others, held]) if (voice && outranks(voice, worst)) worst = voice;
  return worst;
}

/** Worse, or as bad and with something to say where nothing is said yet. */
function outranks(voice: Finding, worst: Finding): boolean {
  return isWorse(voice.health, worst.health) || (voice.health === worst.health && worst.reason === "");
}

function drainOf(drainMs: number | undefined): Finding | undefined {
  return drainMs === undefined
    ? undefined
    : { health: "draining", reason: `drains for ${drainMs / 1_000} s, then leaves` };
}
