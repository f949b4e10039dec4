import { isComplete, type ResourceType } from "../types.js";

/** What one stream wants of one type. Immutable. */
export interface Interest {
  /** All that there is: `*`, for listeners and clusters. */
  readonly wildcard: boolean;
  readonly names: ReadonlySet<string>;
  /** True once a name or `*` was asked for: from then on an empty list means nothing, and no longer all. */
  readonly named: boolean;
}

/** What a stream wants before it asked. */
export const NO_INTEREST: Interest = { wildcard: false, names: new Set(), named: false };

const ALL = "*";

/**
 * What a state-of-the-world request wants: its list is the whole list.
 *
 * @see https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#how-the-client-specifies-what-resources-to-return
 */
export function sotwInterest(before: Interest, type: ResourceType, names: readonly string[]): Interest {
  if (before.named && isSame(before, names)) return before;
  const named = before.named || names.length > 0;
  const wildcard = isComplete(type) && (named ? names.includes(ALL) : true);
  return { wildcard, names: new Set(names.filter((name) => name !== ALL)), named };
}

/** What a delta request adds to, and takes from, what a stream wants. */
export interface DeltaStep {
  /** True for the first request of the type on the stream. */
  readonly first: boolean;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
}

/** What is wanted after a delta request. To take away what was never asked for changes nothing. */
export function deltaInterest(before: Interest, type: ResourceType, step: DeltaStep): Interest {
  const { first, subscribe, unsubscribe } = step;
  if (!first && subscribe.length === 0 && unsubscribe.length === 0) return before;
  const isLegacy = first && subscribe.length === 0 && unsubscribe.length === 0;
  const names = new Set(before.names);
  let wildcard = before.wildcard || isLegacy || subscribe.includes(ALL);
  for (const name of subscribe) if (name !== ALL) names.add(name);
  for (const name of unsubscribe) names.delete(name);
  if (unsubscribe.includes(ALL)) wildcard = false;
  return { wildcard: wildcard && isComplete(type), names, named: before.named || subscribe.length > 0 };
}

/** True for the list that was sent before: most requests only answer. Names that stand in it twice count once. */
function isSame({ wildcard, names: before }: Interest, names: readonly string[]): boolean {
  const distinct = new Set(names);
  const isKnown = (name: string) => (name === ALL ? wildcard : before.has(name));
  return distinct.size === before.size + (wildcard ? 1 : 0) && names.every(isKnown);
}
