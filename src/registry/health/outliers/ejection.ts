import { type Instance, takesCalls } from "../../../model/index.js";
import type { OutlierSettings } from "./settings.js";

/** What bounds how many instances of a service may be out. Kept up by `putOut`, so that many outliers need one count. */
export interface Headcount {
  /** Instances that there are. */
  readonly total: number;
  /** Of these, how many are out. */
  out: number;
  /** Ids of those that take calls and are not out. */
  readonly takers: Set<string>;
}

/** How long an instance is out that is put out for the `times`-th time lately, in milliseconds. */
export function ejectionMs({ baseEjectionTimeMs, maxEjectionTimeMs }: OutlierSettings, times: number): number {
  return Math.min(maxEjectionTimeMs, baseEjectionTimeMs * times);
}

/** How often an instance was put out lately, with this time; no more than the longest time takes, or it took long to forget. */
export function timesWithThis({ baseEjectionTimeMs, maxEjectionTimeMs }: OutlierSettings, times: number): number {
  return baseEjectionTimeMs * times < maxEjectionTimeMs ? times + 1 : times;
}

/** Counts the instances of a service; O(instances). */
export function countHeads(instances: Iterable<Instance>, isOut: (id: string) => boolean): Headcount {
  let total = 0;
  let out = 0;
  const takers = new Set<string>();
  for (const { id, health } of instances) {
    total++;
    if (isOut(id)) out++;
    else if (takesCalls(health)) takers.add(id);
  }
  return { total, out, takers };
}

/** Notes that `id` is out now. */
export function putOut(heads: Headcount, id: string): void {
  heads.out++;
  heads.takers.delete(id);
}

/** One may be out in any case; more only up to the share; and never the last one that takes calls. */
export function mayEject({ total, out, takers }: Readonly<Headcount>, id: string, settings: OutlierSettings): boolean {
  const others = takers.size - Number(takers.has(id));
  if (others === 0 && settings.ejectedHealth === "not-serving") return false;
  return out === 0 || (out + 1) * 100 <= settings.maxEjectionPercent * total;
}
