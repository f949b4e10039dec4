import type { LoadStatsRequest } from "../../../gen/xds/envoy/service/load_stats/v3/lrs_pb.js";
import type { Clock } from "../../stream/index.js";
import { readNode, type XdsNode } from "../node.js";
import { type LoadReport, readLoadReport, type Whereabouts } from "./load-report.js";

/** What a client is asked to report. */
export interface LoadOrder {
  /** Names of clusters; empty where all are meant. */
  readonly clusters: readonly string[];
  readonly allClusters: boolean;
  readonly intervalMs: number;
}

/** Options of `loadOrders`. */
export interface LoadReportingOptions {
  readonly clock: Clock;
  /** How often clients report. */
  readonly intervalMs: number;
  readonly whereabouts: Whereabouts;
  /** The clusters that a node is told of. */
  readonly clustersOf: (node: XdsNode) => readonly string[];
  readonly onReport: (report: LoadReport) => void;
}

/** A client with this feature can be asked for whatever it calls. */
const ALL_CLUSTERS = "envoy.lrs.supports_send_all_clusters";

/**
 * Asks a client for load reports, and takes them in as they come.
 *
 * @see https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/load_stats/v3/lrs.proto
 * @throws DomainError FIELDS_INVALID where the node's metadata cannot be read.
 */
export async function* loadOrders(
  requests: AsyncIterable<LoadStatsRequest>,
  { clock, intervalMs, whereabouts, clustersOf, onReport }: LoadReportingOptions,
): AsyncGenerator<LoadOrder> {
  let node: XdsNode | undefined;
  let allClusters = false;
  let asked = "";
  for await (const request of requests) {
    const isFirst = node === undefined;
    node ??= readNode(request.node);
    if (isFirst) allClusters = request.node?.clientFeatures.includes(ALL_CLUSTERS) ?? false;
    if (request.clusterStats.length > 0)
      onReport(readLoadReport(node, request.clusterStats, clock.wallMs(), whereabouts));
    // Who must be asked by name is asked again when there are others.
    const clusters = allClusters ? [] : clustersOf(node);
    if (!isFirst && clusters.join() === asked) continue;
    asked = clusters.join();
    yield { clusters, allClusters, intervalMs };
  }
}
