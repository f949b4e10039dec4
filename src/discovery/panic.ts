import { DEFAULT_PANIC_THRESHOLD_PERCENT, type Instance, isCondemned } from "../model/index.js";
import type { Catalogue, ServiceEntry } from "./catalogue.js";
import type { ServiceChanges } from "./service-changes.js";

/**
 * True when so few instances of a service take calls that those are returned too which only probes or callers condemned.
 *
 * Those that are out by their own word or by an order count on neither side.
 */
export function panics({ service, serving, condemned }: ServiceEntry): boolean {
  const { panicThresholdPercent = DEFAULT_PANIC_THRESHOLD_PERCENT } = service;
  return condemned > 0 && serving * 100 < panicThresholdPercent * (serving + condemned);
}

/** Which of these services panic now: to be asked before a commit is applied. */
export function panicking(catalogue: Catalogue, changes: readonly ServiceChanges[]): readonly boolean[] {
  return changes.map((service) => {
    const entry = catalogue.entry(service);
    return entry !== undefined && panics(entry);
  });
}

/**
 * The changes of a commit, with what they did to panic: to be asked after it was applied.
 *
 * @param before what `panicking` answered.
 */
export function withPanic(
  catalogue: Catalogue,
  changes: readonly ServiceChanges[],
  before: readonly boolean[],
): readonly ServiceChanges[] {
  const after = panicking(catalogue, changes);
  if (!before.includes(true) && !after.includes(true)) return changes;
  return changes.map((service, index) => {
    const [panicBefore = false, panic = false] = [before[index], after[index]];
    const entry = panicBefore === panic ? undefined : catalogue.entry(service);
    return { ...service, panicBefore, panic, untouched: entry ? untouchedIn(entry, service) : [] };
  });
}

/** True when panic may play a part in these changes, seen from where the catalogue is now. */
export function mayPanic(entry: ServiceEntry | undefined, { instances, before, after }: ServiceChanges): boolean {
  if (entry && entry.condemned > 0) return true;
  if (before?.panicThresholdPercent !== after?.panicThresholdPercent) return true;
  return instances.some((change) => isHit(change.before) || isHit(change.after));
}

function untouchedIn({ instances }: ServiceEntry, changes: ServiceChanges): Instance[] {
  const touched = new Set(changes.instances.map(({ id }) => id));
  return [...instances.values()].filter((instance) => isCondemned(instance) && !touched.has(instance.id));
}

function isHit(instance: Instance | undefined): boolean {
  return instance !== undefined && isCondemned(instance);
}
