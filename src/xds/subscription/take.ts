import { type Resource, versionOf } from "../resource.js";
import { isComplete } from "../types.js";
import { deltaInterest, sotwInterest } from "./interest.js";
import type { Outstanding, Refusal, TypeState } from "./type-state.js";

/** What a request said to the newest response; neither when it said nothing. */
export interface Taken {
  readonly acknowledged?: Outstanding;
  readonly refused?: Refusal;
}

/** A request of the state of the world, for one type. */
export interface SotwRequest {
  readonly versionInfo: string;
  readonly names: readonly string[];
  readonly nonce: string;
  /** Why the client refused the response of that nonce. Its presence alone makes it a refusal. */
  readonly error?: string;
}

/** A delta request, for one type. */
export interface DeltaRequest {
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** name -> version that the client has from before; read in the first request alone. */
  readonly initialVersions: Readonly<Record<string, string>>;
  readonly nonce: string;
  readonly error?: string;
}

/**
 * Takes a request in; see the xDS protocol's "ACK/NACK and resource type instance version". What it wants counts, whatever its
 * nonce: grpc-java sends no other when it wants nothing of the type any more, and answers no response of it, also not one that is
 * on its way.
 */
export function takeSotw(state: TypeState, { versionInfo, names, nonce, error }: SotwRequest): Taken {
  const taken = answer(state, nonce, error);
  const { interest } = state.entries;
  const next = sotwInterest(interest, state.type, names);
  state.entries.want(next, []);
  if (!next.wildcard && next.names.size === 0) state.abandon();
  if (!state.requested || (next.wildcard && !interest.wildcard)) state.owesResponse = isComplete(state.type);
  if (!state.requested && next.wildcard && next.names.size === 0) holdIfSame(state, versionInfo);
  state.requested = true;
  return taken;
}

/** Takes a delta request in. Its subscriptions count, whatever its nonce. */
export function takeDelta(state: TypeState, request: DeltaRequest): Taken {
  const { subscribe, unsubscribe, nonce, error } = request;
  const taken = answer(state, nonce, error);
  const first = !state.requested;
  const { interest } = state.entries;
  const next = deltaInterest(interest, state.type, { first, subscribe, unsubscribe });
  state.entries.want(next, subscribe);
  if (next.wildcard && !interest.wildcard) state.owesResponse = true;
  if (next.wildcard)
    tellOfUnsubscribed(
      state,
      unsubscribe.filter((name) => interest.names.has(name)),
    );
  if (first) holdWhatIsSame(state, request.initialVersions);
  state.requested = true;
  return taken;
}

function answer(state: TypeState, nonce: string, error: string | undefined): Taken {
  if (nonce === "" || nonce !== state.outstanding?.nonce) return {};
  if (error === undefined) {
    const acknowledged = state.acknowledge();
    return acknowledged ? { acknowledged } : {};
  }
  const refused = state.refuse(error);
  return refused ? { refused } : {};
}

/** A client that comes back with the very set that there is, wherever it got that, is not sent it again. */
function holdIfSame(state: TypeState, version: string): void {
  const all = [...state.entries];
  const resources = all.flatMap(({ topic: { resource } }): Resource[] => (resource ? [resource] : []));
  if (version === "" || version !== versionOf(resources)) return;
  for (const entry of all) if (entry.topic.resource) state.hold(entry, entry.topic.resource);
  state.owesResponse = false;
}

function holdWhatIsSame(state: TypeState, versions: Readonly<Record<string, string>>): void {
  const { entries } = state;
  for (const [name, version] of Object.entries(versions)) {
    const entry = entries.get(name);
    const resource = entry?.topic.resource;
    if (entry && resource?.version === version) state.hold(entry, resource);
    else if (!entry && entries.interest.wildcard) state.strays.add(name);
  }
  if (entries.size > 0 && entries.changed.size === 0 && state.strays.size === 0) state.owesResponse = false;
}

/** What was asked for by name, and is no more, is still covered by the wildcard: the client is told how that stands. */
function tellOfUnsubscribed(state: TypeState, names: readonly string[]): void {
  for (const name of names) {
    if (state.entries.get(name)) state.entries.owe(name);
    else state.strays.add(name);
  }
}
