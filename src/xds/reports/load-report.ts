import { durationMs } from "@bufbuild/protobuf/wkt";
import type { ClusterStats, UpstreamLocalityStats } from "../../../gen/xds/envoy/config/endpoint/v3/load_report_pb.js";
import { parseServiceName, type ServiceName } from "../names.js";
import type { XdsNode } from "../node.js";
import { socketText } from "../resources/addresses.js";

/** Calls of one consumer to a service, or to one instance of it. */
export interface ReportedCalls {
  /** Both empty when it is unknown who calls. */
  readonly consumerNamespace: string;
  readonly consumer: string;
  readonly namespace: string;
  readonly service: string;
  /** Empty when the report does not say: gRPC reports by place, and only proxies by endpoint. */
  readonly instanceId: string;
  /** Always empty: load reports do not tell methods apart. */
  readonly method: string;
  /** gRPC status code -> calls that ended with it. Reports know success and failure alone: 0 and 2. */
  readonly callsByCode: ReadonlyMap<number, number>;
}

/** What a client saw between two moments, in milliseconds since the epoch. */
export interface LoadReport {
  readonly startMs: number;
  readonly endMs: number;
  readonly stats: readonly ReportedCalls[];
}

/** Who listens where: the address of each instance of a service -> its id. */
export type Whereabouts = (service: ServiceName) => ReadonlyMap<string, string>;

const OK = 0;
const UNKNOWN = 2;
const UNAVAILABLE = 14;
const MAX_CALLS = Number.MAX_SAFE_INTEGER;
/** Longer stretches are not believed. */
const MAX_INTERVAL_MS = 3_600_000;

/**
 * Reads a load report. Clusters that are no services of the catalogue's kind are passed over.
 *
 * @param nowMs when it came: it tells of the time up to then.
 */
export function readLoadReport(
  node: XdsNode,
  clusters: readonly ClusterStats[],
  nowMs: number,
  whereabouts: Whereabouts,
): LoadReport {
  const longestMs = clusters.reduce((longest, cluster) => Math.max(longest, intervalMs(cluster)), 0);
  return {
    startMs: nowMs - longestMs,
    endMs: nowMs,
    stats: clusters.flatMap((one) => readCluster(node, one, whereabouts)),
  };
}

function readCluster(node: XdsNode, cluster: ClusterStats, whereabouts: Whereabouts): ReportedCalls[] {
  const service = parseServiceName(cluster.clusterServiceName || cluster.clusterName, node.namespace);
  if (!service) return [];
  const dropped = countOf(cluster.totalDroppedRequests);
  const counts = new Map([["", new Map([[UNAVAILABLE, dropped]])]]);
  const places = cluster.upstreamLocalityStats;
  const byAddress = places.some(({ upstreamEndpointStats }) => upstreamEndpointStats.length > 0)
    ? whereabouts(service)
    : new Map<string, string>();
  for (const place of places) countPlace(counts, place, byAddress);
  return [...counts].flatMap(([instanceId, callsByCode]) => toCalls(node, service, instanceId, callsByCode));
}

type Counts = Map<string, Map<number, number>>;

function countPlace(counts: Counts, place: UpstreamLocalityStats, byAddress: ReadonlyMap<string, string>): void {
  let ok = countOf(place.totalSuccessfulRequests);
  let failed = countOf(place.totalErrorRequests);
  for (const endpoint of place.upstreamEndpointStats) {
    const id = byAddress.get(socketText(endpoint.address)) ?? "";
    const [well, badly] = [countOf(endpoint.totalSuccessfulRequests), countOf(endpoint.totalErrorRequests)];
    add(counts, id, OK, well);
    add(counts, id, UNKNOWN, badly);
    ok -= well;
    failed -= badly;
  }
  // The place's own figures hold those of its endpoints.
  add(counts, "", OK, Math.max(0, ok));
  add(counts, "", UNKNOWN, Math.max(0, failed));
}

function add(counts: Counts, id: string, code: number, calls: number): void {
  const byCode = counts.get(id) ?? new Map<number, number>();
  counts.set(id, byCode.set(code, Math.min(MAX_CALLS, (byCode.get(code) ?? 0) + calls)));
}

/** A count on the wire; those beyond what a number holds count as the most that it does. */
function countOf(wire: bigint): number {
  return Math.min(MAX_CALLS, Number(wire));
}

function toCalls(
  { namespace: consumerNamespace, consumer }: XdsNode,
  { namespace, name }: ServiceName,
  instanceId: string,
  counted: ReadonlyMap<number, number>,
): ReportedCalls[] {
  const callsByCode = new Map([...counted].filter(([, calls]) => calls > 0));
  if (callsByCode.size === 0) return [];
  const caller = consumer === "" ? "" : consumerNamespace;
  return [{ consumerNamespace: caller, consumer, namespace, service: name, instanceId, method: "", callsByCode }];
}

function intervalMs({ loadReportInterval }: ClusterStats): number {
  return loadReportInterval ? Math.min(MAX_INTERVAL_MS, durationMs(loadReportInterval)) : 0;
}
