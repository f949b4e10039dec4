/** The kinds of resources that are served, in the order in which they go out: what others refer to comes first. */
export const RESOURCE_TYPES = ["cluster", "endpoints", "listener", "route"] as const;

/** A kind of resource: CDS, EDS, LDS, RDS. */
export type ResourceType = (typeof RESOURCE_TYPES)[number];

const PREFIX = "type.googleapis.com/";

/** kind -> type URL. */
export const TYPE_URLS: Readonly<Record<ResourceType, string>> = {
  cluster: `${PREFIX}envoy.config.cluster.v3.Cluster`,
  endpoints: `${PREFIX}envoy.config.endpoint.v3.ClusterLoadAssignment`,
  listener: `${PREFIX}envoy.config.listener.v3.Listener`,
  route: `${PREFIX}envoy.config.route.v3.RouteConfiguration`,
};

const KINDS: ReadonlyMap<string, ResourceType> = new Map(RESOURCE_TYPES.map((type) => [TYPE_URLS[type], type]));

/** The kind that a type URL names; undefined for one that is not served. */
export function typeOfUrl(typeUrl: string): ResourceType | undefined {
  return KINDS.get(typeUrl);
}

/**
 * True for listeners and clusters: a state-of-the-world response holds all of them, so that absence is removal, and there is a
 * wildcard. Endpoint assignments and routes come one by one.
 *
 * @see https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#grouping-resources-into-responses
 */
export function isComplete(type: ResourceType): boolean {
  return type === "listener" || type === "cluster";
}
