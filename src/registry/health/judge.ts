import { type Instance, type Service, takesCalls, type Voices } from "../../model/index.js";
import { combine, type Opinions } from "./combine.js";
import type { Flaps } from "./flaps.js";
import { slowStartOf } from "./slow-start.js";

/** What follows from all opinions, as it is to be stored. */
export type Judgement = Pick<Instance, "health" | "healthReason" | "voices" | "slowStartPercent">;

/** What a judgement looks at beside the opinions. */
export interface Case {
  /** The instance as it stands; undefined for a new one. */
  readonly before: Instance | undefined;
  readonly service: Pick<Service, "slowStartMs"> | undefined;
}

/** Decides what consumers are told of an instance, in every write that touches one. */
export class Judge {
  readonly #flaps: Flaps;
  readonly #wallMs: () => number;

  constructor(options: { readonly flaps: Flaps; readonly wallMs: () => number }) {
    this.#flaps = options.flaps;
    this.#wallMs = options.wallMs;
  }

  /** The health that follows, why, and who said so. Orders and holds whose time is over speak no more. */
  judge(opinions: Opinions, { before, service }: Case): Judgement {
    const nowMs = this.#wallMs();
    const spoken = current(opinions.voices, nowMs);
    const wanted = combine({ ...opinions, voices: spoken });
    const hold = before && !spoken?.held && this.#flaps.holdOf(before, wanted.health, nowMs);
    const voices = hold ? { ...spoken, held: hold } : spoken;
    const { health, reason } = hold ? combine({ ...opinions, voices }) : wanted;
    const slowStartPercent = slowStartOf(before, takesCalls(health), service);
    return {
      health,
      healthReason: reason,
      ...(voices && { voices }),
      ...(slowStartPercent !== undefined && { slowStartPercent }),
    };
  }
}

/** The voices that still speak; undefined when none does. */
function current(voices: Voices | undefined, nowMs: number): Voices | undefined {
  if (!voices) return undefined;
  const { probed, observed, ordered, held } = voices;
  const spoken: Voices = {
    ...(probed && { probed }),
    ...(observed && { observed }),
    ...(ordered && (ordered.untilMs ?? Number.POSITIVE_INFINITY) > nowMs && { ordered }),
    ...(held && held.untilMs > nowMs && { held }),
  };
  return Object.keys(spoken).length > 0 ? spoken : undefined;
}
