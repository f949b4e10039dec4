import type { XdsStream } from "./streams/xds-stream.js";
import type { Entry } from "./subscription/entry.js";
import type { TypeState } from "./subscription/type-state.js";
import type { ClientResource, ClientType, XdsClient } from "./xds.js";

/** A stream, for people; undefined before it said who it is. */
export function describeClient(stream: XdsStream): XdsClient | undefined {
  const { node, address, variant, openedAtMs, states } = stream;
  if (!node) return undefined;
  const { id, kind, userAgent, namespace, consumer } = node;
  const types = states.map(describeType);
  return { node: id, kind, userAgent, namespace, consumer, address, variant, connectedAtMs: openedAtMs, types };
}

/** What a stream has of each resource, by type and name. */
export function describeResources({ address, states }: XdsStream): ClientResource[] {
  const byName = (a: Entry, b: Entry) => (a.topic.name < b.topic.name ? -1 : 1);
  return states.flatMap(({ type, entries }) =>
    [...entries].sort(byName).map(({ topic, sent, acked, refused = "" }) => ({
      address,
      type,
      name: topic.name,
      version: topic.resource?.version ?? "",
      sentVersion: sent?.version ?? "",
      ackedVersion: acked?.version ?? "",
      nackedVersion: refused,
    })),
  );
}

function describeType(state: TypeState): ClientType {
  const { type, entries, sentVersion, ackedVersion, outstanding, refusal } = state;
  return {
    type,
    wildcard: entries.interest.wildcard,
    resources: entries.size,
    current: [...entries].filter(isCurrent).length,
    sentVersion,
    ackedVersion,
    awaitsAck: outstanding !== undefined,
    nackedVersion: refusal?.version ?? "",
    error: refusal?.message ?? "",
  };
}

/** It took what there is, or knows that there is nothing. */
function isCurrent({ topic: { resource }, acked, owed }: Entry): boolean {
  return !owed && resource?.version === acked?.version;
}
