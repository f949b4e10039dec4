import type { Resource } from "../resource.js";
import { isComplete } from "../types.js";
import { type Entry, hasNews, isGone, wantedOf } from "./entry.js";
import type { Draft, Missing, TypeState } from "./type-state.js";

/**
 * Make before break: `make` adds and changes, `break` takes away. Everything of all types is made first.
 *
 * @see https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#eventual-consistency-considerations
 */
export type Phase = "make" | "break";

/**
 * Says what is to be said of one type now, where something `isPending`; undefined when that turns out to be nothing.
 */
export type Compose = (state: TypeState, phase: Phase) => Draft | undefined;

/**
 * Responses hold about so much where they can be split. Clients take 4 MiB; but what many who come at once are sent lies in memory
 * for each of them.
 */
const MAX_BYTES = 256 * 1024;

/** State of the world: listeners and clusters all at once, the others one by one. */
export const composeSotw: Compose = (state, phase) => {
  if (isComplete(state.type)) return composeAll(state, phase);
  if (phase === "make") return composeChanged(state, hasNews);
  // It cannot be said that endpoints or routes are gone: they go with who refers to them.
  for (const entry of state.entries.changed) if (isGone(entry)) state.entries.settle(entry, undefined);
  return undefined;
};

/** Incremental: what changed, and the names of what is gone. */
export const composeDelta: Compose = (state, phase) => composeChanged(state, phase === "make" ? hasNews : isGone);

/** True when something of this type is to be said in this phase. */
export function isPending(state: TypeState, phase: Phase): boolean {
  if (phase === "make" && (state.owesResponse || state.strays.size > 0)) return true;
  return firstOf(state, phase === "make" ? hasNews : isGone);
}

function firstOf({ entries }: TypeState, matches: (entry: Entry) => boolean): boolean {
  for (const entry of entries.changed) {
    if (matches(entry)) return true;
    if (!hasNews(entry) && !isGone(entry)) entries.pass(entry);
  }
  return false;
}

/** The whole set. While others are made, it still holds what is gone. */
function composeAll(state: TypeState, phase: Phase): Draft {
  const told = new Map<Entry, Resource | undefined>();
  const resources: Resource[] = [];
  const missing: Missing[] = [];
  for (const entry of state.entries) {
    const wanted = wantedOf(entry);
    const kept = wanted ?? (phase === "make" ? entry.sent : undefined);
    if (kept) resources.push(kept);
    else if (entry.owed) missing.push(missingOf(entry));
    if (wanted || !kept) told.set(entry, wanted);
  }
  return { resources, missing, told };
}

function composeChanged(state: TypeState, matches: (entry: Entry) => boolean): Draft | undefined {
  const told = new Map<Entry, Resource | undefined>();
  const resources: Resource[] = [];
  const missing: Missing[] = [...state.strays].map((name) => ({ name, failure: undefined }));
  let bytes = 0;
  for (const entry of state.entries.changed) {
    if (!matches(entry)) continue;
    const wanted = wantedOf(entry);
    bytes += wanted?.any.value.length ?? 0;
    if (bytes > MAX_BYTES && told.size > 0) break;
    told.set(entry, wanted);
    if (wanted) resources.push(wanted);
    else missing.push(missingOf(entry));
  }
  const isOwed = matches === hasNews && (state.owesResponse || state.strays.size > 0);
  return told.size > 0 || isOwed ? { resources, missing, told } : undefined;
}

function missingOf({ topic: { name, failure } }: Entry): Missing {
  return { name, failure };
}
