import type { Source } from "./builder.js";
import type { XdsNode } from "./node.js";
import type { ResourceType } from "./types.js";

/** Equal for nodes that are told the same of every name of a type. */
export function audience(type: ResourceType, node: XdsNode): string {
  const { kind, namespace, listen, inbound, accessLogCluster } = node;
  const { region = "", zone = "", subZone = "" } = node.locality ?? {};
  if (type === "route") return namespace;
  if (type === "listener") return JSON.stringify([kind, namespace, listen, inbound?.listen, accessLogCluster]);
  const place = [kind, namespace, region, zone, subZone];
  return JSON.stringify(type === "endpoints" ? place : [...place, inbound?.forward]);
}

/** Equal for equal sources. */
export function sourceKey(source: Source): string {
  if (source.kind === "service") return `${source.ref.namespace}/${source.ref.name}`;
  return source.kind === "namespace" ? source.namespace : "/";
}
