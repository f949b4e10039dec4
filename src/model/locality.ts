/** Where an instance or a consumer runs. Empty strings mean "not said". */
export interface Locality {
  readonly region: string;
  readonly zone: string;
  readonly subZone: string;
}

/**
 * How near an instance is to a consumer: 0 is best.
 *
 * The consumer's own precision sets the scale: a consumer that names region and zone sees its zone at 0, its region at 1,
 * the rest at 2. A consumer without locality sees everybody at 0.
 */
export function localityPriority(consumer: Locality | undefined, instance: Locality | undefined): number {
  const wanted = levels(consumer);
  const offered = instance ? [instance.region, instance.zone, instance.subZone] : [];
  let matched = 0;
  while (matched < wanted.length && wanted[matched] === offered[matched]) matched++;
  return wanted.length - matched;
}

/** The levels that a locality names, outermost first, up to the first that is empty. */
function levels(locality: Locality | undefined): string[] {
  if (!locality) return [];
  const all = [locality.region, locality.zone, locality.subZone];
  const end = all.indexOf("");
  return end === -1 ? all : all.slice(0, end);
}
