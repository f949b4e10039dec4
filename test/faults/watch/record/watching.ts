import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  WatchRequestSchema,
  WatchServicesRequestSchema,
} from "../../../../gen/portolan/discovery/v1/discovery_pb.js";
import { Health } from "../../../../gen/portolan/registry/v1/registry_pb.js";
import { type Content, expectedPrint, isCallable, type Look, type Version } from "../truth/content.js";

/** A filter twice: in CEL for the server, and as the run's own idea of it. */
export interface WatchedFilter {
  readonly text: string;
  matches(content: Content): boolean;
}

export interface WatchedTarget {
  readonly namespace: string;
  /** "*" for all of the namespace. */
  readonly service: string;
  readonly endpointName: string;
  readonly filter?: WatchedFilter;
}

/** What a client watches, and how it looks. */
export interface Watching {
  readonly targets: readonly WatchedTarget[];
  readonly region: string;
  readonly zone: string;
  readonly includeUnhealthy: boolean;
  readonly bookmarkIntervalMs: number;
  /** Present where services are watched and not instances: the one target then is what this comes to. */
  readonly services?: { readonly namespace: string; readonly filter: string };
}

/** Filters to choose from. */
export const FILTERS: readonly WatchedFilter[] = [
  { text: 'instance.version == "2"', matches: ({ version }) => version === "2" },
  { text: 'instance.labels.tier == "gold"', matches: ({ labels }) => labels.tier === "gold" },
  { text: '"canary" in instance.labels', matches: ({ labels }) => "canary" in labels },
  { text: "instance.health == HEALTH_SERVING", matches: ({ health }) => health === Health.SERVING },
  {
    text: 'instance.locality.zone == "a" && instance.version != "1"',
    matches: ({ zone, version }) => zone === "a" && version !== "1",
  },
  { text: 'instance.id.startsWith("w1")', matches: ({ id }) => id.startsWith("w1") },
];

/** The request that opens such a watch. */
export function toWatchRequest(watching: Watching, afterRevision: number): MessageInitShape<typeof WatchRequestSchema> {
  const { targets, region, zone, includeUnhealthy, bookmarkIntervalMs } = watching;
  return {
    targets: targets.map(({ namespace, service, endpointName, filter }) => {
      return { namespace, service, endpointName, filter: filter?.text ?? "" };
    }),
    ...(region !== "" && { locality: { region, zone } }),
    includeUnhealthy,
    afterRevision: BigInt(afterRevision),
    bookmarkInterval: durationOf(bookmarkIntervalMs),
  };
}

/** The request that opens a watch of services. */
export function toWatchServicesRequest(
  { services, bookmarkIntervalMs }: Watching,
  afterRevision: number,
): MessageInitShape<typeof WatchServicesRequestSchema> {
  const interval = durationOf(bookmarkIntervalMs);
  return { ...services, afterRevision: BigInt(afterRevision), bookmarkInterval: interval };
}

function durationOf(ms: number): { readonly seconds: bigint; readonly nanos: number } {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1e6 };
}

/** What one target of a watch must be told of an instance; undefined when it must not see it. */
export function shown(version: Version | undefined, watching: Watching, target: WatchedTarget): string | undefined {
  if (!version) return undefined;
  const { content } = version;
  if (!watching.includeUnhealthy && !isCallable(content)) return undefined;
  if (target.filter && !target.filter.matches(content)) return undefined;
  return prints(version, { endpointName: target.endpointName, region: watching.region, zone: watching.zone });
}

/** version -> look -> how it looks so. */
const known = new WeakMap<Version, Map<string, string | undefined>>();

function prints(version: Version, look: Look): string | undefined {
  const looks = known.get(version) ?? new Map<string, string | undefined>();
  known.set(version, looks);
  const key = `${look.endpointName}/${look.region}/${look.zone}`;
  if (!looks.has(key)) looks.set(key, expectedPrint(version, look));
  return looks.get(key);
}
