import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import { RequestMethod } from "../../../gen/xds/envoy/config/core/v3/base_pb.js";
import type { HTTPAccessLogEntry, ResponseFlags } from "../../../gen/xds/envoy/data/accesslog/v3/accesslog_pb.js";
import { INBOUND, parseServiceName } from "../names.js";
import type { XdsNode } from "../node.js";
import { socketText } from "../resources/addresses.js";
import type { Whereabouts } from "./load-report.js";

/** One request that a proxy passed on, as a line in the log of the service that was called. */
export interface AccessLine {
  /** Nanoseconds since the epoch. */
  readonly timeNs?: bigint;
  readonly namespace: string;
  readonly service: string;
  /** Empty when nobody was reached, or it is not known who. */
  readonly instanceId: string;
  /** OpenTelemetry's: 9 info, 13 warn, 17 error. */
  readonly severity: number;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly traceId: string;
  readonly spanId: string;
}

const INFO = 9;
const WARN = 13;
const ERROR = 17;
const MAX_PATH = 1_024;
const MAX_ATTRIBUTE = 256;

/**
 * Reads an entry of Envoy's access log; undefined for a request to what is no service.
 *
 * @see https://www.envoyproxy.io/docs/envoy/latest/api-v3/data/accesslog/v3/accesslog.proto
 */
export function readAccessLogEntry(
  node: XdsNode,
  entry: HTTPAccessLogEntry,
  whereabouts: Whereabouts,
): AccessLine | undefined {
  const common = entry.commonProperties;
  const isInbound = common?.upstreamCluster === INBOUND;
  const name = isInbound ? node.consumer : (common?.upstreamCluster ?? "");
  const service = parseServiceName(name, node.namespace);
  if (!common || !service) return undefined;
  const address = socketText(common.upstreamRemoteAddress);
  return {
    ...(common.startTime && { timeNs: nanoseconds(common.startTime) }),
    namespace: service.namespace,
    service: service.name,
    instanceId: isInbound ? "" : (whereabouts(service).get(address) ?? ""),
    severity: severityOf(entry),
    body: bodyOf(entry),
    attributes: attributesOf(node, entry, address, isInbound),
    traceId: "",
    spanId: "",
  };
}

/** "POST /acme.v1.Checkout/Pay 200 in 12.3 ms". */
function bodyOf({ request, response, commonProperties }: HTTPAccessLogEntry): string {
  const method = RequestMethod[request?.requestMethod ?? 0] ?? "";
  const path = (request?.originalPath || request?.path || "").slice(0, MAX_PATH);
  const status = response?.responseCode ?? 0;
  const grpc = grpcStatus(response?.responseTrailers, response?.responseHeaders);
  const took = commonProperties?.duration ?? commonProperties?.timeToLastDownstreamTxByte;
  return [
    `${method} ${path}`,
    status === 0 ? "no response" : String(status),
    ...(grpc === undefined ? [] : [`grpc-status ${grpc}`]),
    ...(took ? [`in ${milliseconds(took).toFixed(1)} ms`] : []),
  ].join(" ");
}

function severityOf({ response }: HTTPAccessLogEntry): number {
  const status = response?.responseCode ?? 0;
  if (status === 0 || status >= 500) return ERROR;
  const grpc = grpcStatus(response?.responseTrailers, response?.responseHeaders);
  return status >= 400 || (grpc !== undefined && grpc !== "0") ? WARN : INFO;
}

function grpcStatus(...headers: readonly (Readonly<Record<string, string>> | undefined)[]): string | undefined {
  return headers.map((some) => some?.["grpc-status"]).find((status) => status !== undefined);
}

function attributesOf(
  { id, consumer }: XdsNode,
  { request, response, commonProperties }: HTTPAccessLogEntry,
  upstream: string,
  isInbound: boolean,
): Record<string, string> {
  const all: Readonly<Record<string, string>> = {
    node: id,
    direction: isInbound ? "inbound" : "outbound",
    consumer: isInbound ? "" : consumer,
    upstream,
    authority: request?.authority ?? "",
    user_agent: request?.userAgent ?? "",
    request_id: request?.requestId ?? "",
    flags: flagsOf(commonProperties?.responseFlags),
    details: response?.responseCodeDetails ?? "",
  };
  const said = Object.entries(all).filter(([, text]) => text !== "");
  return Object.fromEntries(said.map(([key, text]) => [key, text.slice(0, MAX_ATTRIBUTE)]));
}

/** What went wrong, in Envoy's words: "noHealthyUpstream". */
function flagsOf(flags: ResponseFlags | undefined): string {
  if (!flags) return "";
  return Object.entries(flags)
    .filter(([, value]) => value === true)
    .map(([name]) => name)
    .join(",");
}

function nanoseconds({ seconds, nanos }: Timestamp): bigint {
  return seconds * 1_000_000_000n + BigInt(nanos);
}

/** With what is below a millisecond, which the library's own rounds away. */
function milliseconds({ seconds, nanos }: Duration): number {
  return Number(seconds) * 1_000 + nanos / 1e6;
}
