import type { StreamAccessLogsMessage } from "../../gen/xds/envoy/service/accesslog/v3/als_pb.js";
import type { DeltaDiscoveryRequest, DiscoveryRequest } from "../../gen/xds/envoy/service/discovery/v3/discovery_pb.js";
import type { LoadStatsRequest } from "../../gen/xds/envoy/service/load_stats/v3/lrs_pb.js";
import type { AccessLine } from "./reports/access-log.js";
import type { LoadReport } from "./reports/load-report.js";
import type { LoadOrder } from "./reports/load-reporting.js";
import type { Outgoing, Variant } from "./streams/xds-stream.js";
import type { ResourceType } from "./types.js";

/** Where a stream comes from. */
export interface StreamOrigin {
  /** "127.0.0.1:43210". */
  readonly address: string;
}

/** What a client refused, for the event log. */
export interface NackEvent {
  readonly type: "xds.nacked";
  readonly timeMs: number;
  /** The client's node id; empty when it gave none. */
  readonly node: string;
  readonly address: string;
  readonly userAgent: string;
  readonly resourceType: ResourceType;
  /** What it means; empty when that cannot be told. */
  readonly resource: string;
  /** Whose resource that is; empty for what is no service's. */
  readonly namespace: string;
  readonly service: string;
  /** As the client put it. */
  readonly message: string;
}

/** What one stream has of one resource. Versions are empty where there is none. */
export interface ClientResource {
  readonly address: string;
  readonly type: ResourceType;
  readonly name: string;
  /** As it is now. */
  readonly version: string;
  readonly sentVersion: string;
  /** What the client took last. */
  readonly ackedVersion: string;
  /** What it refused last. */
  readonly nackedVersion: string;
}

/** One type on one stream. Versions are empty where there is none. */
export interface ClientType {
  readonly type: ResourceType;
  /** Asks for all that there is. */
  readonly wildcard: boolean;
  /** How many it asks for. */
  readonly resources: number;
  /** How many of them it has as they are now. */
  readonly current: number;
  readonly sentVersion: string;
  readonly ackedVersion: string;
  readonly awaitsAck: boolean;
  /** Of the response that it refused, until it takes one. */
  readonly nackedVersion: string;
  /** Why it refused that. */
  readonly error: string;
}

/** A connected client. */
export interface XdsClient {
  readonly node: string;
  readonly kind: "envoy" | "grpc";
  readonly userAgent: string;
  readonly namespace: string;
  readonly consumer: string;
  readonly address: string;
  readonly variant: Variant;
  readonly connectedAtMs: number;
  readonly types: readonly ClientType[];
}

/** xDS v3 from the catalogue: aggregated streams, in both variants. */
export interface Xds extends AsyncDisposable {
  /** Serves a stream of the state of the world. @throws DomainError FIELDS_INVALID, LIMIT_EXCEEDED while it is read. */
  sotw(requests: AsyncIterable<DiscoveryRequest>, origin: StreamOrigin): AsyncIterable<Outgoing>;
  /** Serves a delta stream. @throws as `sotw`. */
  delta(requests: AsyncIterable<DeltaDiscoveryRequest>, origin: StreamOrigin): AsyncIterable<Outgoing>;
  /** Asks a client for load reports, and takes them in. @throws DomainError FIELDS_INVALID while it is read. */
  loadReports(
    requests: AsyncIterable<LoadStatsRequest>,
    onReport: (report: LoadReport) => void,
  ): AsyncIterable<LoadOrder>;
  /** The lines of a proxy's access log, batch by batch. @throws DomainError FIELDS_INVALID while it is read. */
  accessLines(messages: AsyncIterable<StreamAccessLogsMessage>): AsyncIterable<readonly AccessLine[]>;
  /** Open streams. */
  readonly streams: number;
  /** Everybody who is connected, the longest first. @param node only streams of this node id; empty means all. */
  clients(node: string): XdsClient[];
  /** What the streams of a node have of each resource, by stream, type and name. */
  clientResources(node: string): ClientResource[];
}
