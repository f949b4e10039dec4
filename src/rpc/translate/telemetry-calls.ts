import { create } from "@bufbuild/protobuf";
import {
  CallPointSchema,
  GroupBy,
  type CallPoint as ProtoCallPoint,
  type CallStats as ProtoCallStats,
  type QueryCallsRequest,
  type QueryCallsResponse,
  QueryCallsResponseSchema,
  type ReportCallsRequest,
} from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";
import type {
  CallAnswer,
  CallGrouping,
  CallPoint,
  CallQuery,
  CallReport,
  CallStats,
  LatencyHistogram,
} from "../../telemetry/index.js";
import { namespaceFromProto } from "./refs.js";
import { durationMsFromProto, durationToProto, timestampMsFromProto, timestampToProto } from "./time.js";

const GROUPINGS: ReadonlyMap<GroupBy, CallGrouping> = new Map([
  [GroupBy.CONSUMER, "consumer"],
  [GroupBy.INSTANCE, "instance"],
  [GroupBy.METHOD, "method"],
  [GroupBy.CODE, "code"],
]);

/** A report of calls. Counts beyond 2^53 count as 2^53. */
export function callReportFromProto({ start, end, stats }: ReportCallsRequest): CallReport {
  const endMs = end ? timestampMsFromProto(end) : 0;
  return { startMs: start ? timestampMsFromProto(start) : endMs, endMs, stats: stats.map(callStatsFromProto) };
}

/** A query for calls; an empty namespace, or "*", means every one. */
export function callQueryFromProto(request: QueryCallsRequest): CallQuery {
  const { service, consumer, instanceId, method, start, end, step } = request;
  const groupBy = request.groupBy.flatMap((group) => GROUPINGS.get(group) ?? []);
  return {
    namespace: anyNamespace(request.namespace),
    service,
    consumer,
    instanceId,
    method,
    groupBy: new Set(groupBy),
    ...(start && { startMs: timestampMsFromProto(start) }),
    ...(end && { endMs: timestampMsFromProto(end) }),
    ...(step && { stepMs: durationMsFromProto(step) }),
  };
}

/** Calls over time. */
export function callAnswerToProto({ stepMs, series }: CallAnswer): QueryCallsResponse {
  return create(QueryCallsResponseSchema, {
    step: durationToProto(stepMs),
    series: series.map(({ group, points }) => ({
      group: Object.fromEntries(group),
      points: points.map(callPointToProto),
    })),
  });
}

/** How calls went in one stretch of time. */
export function callPointToProto(point: CallPoint): ProtoCallPoint {
  return create(CallPointSchema, {
    start: timestampToProto(point.startMs),
    calls: countToProto(point.calls),
    errors: countToProto(point.errors),
    callsPerSecond: point.callsPerSecond,
    p50Ms: point.p50Ms,
    p90Ms: point.p90Ms,
    p99Ms: point.p99Ms,
  });
}

/** The namespace of a telemetry query, whose empty fields let everything pass. */
export function anyNamespace(namespace: string): string {
  return namespace === "*" ? "" : namespace;
}

function callStatsFromProto(stats: ProtoCallStats): CallStats {
  const { consumer, service, instanceId, method } = stats;
  const callsByCode = Object.entries(stats.callsByCode).map(([code, calls]) => [Number(code), toCount(calls)] as const);
  const latency: LatencyHistogram | undefined = stats.latency && {
    boundsMs: stats.latency.boundsMs,
    counts: stats.latency.counts.map(toCount),
    sumMs: stats.latency.sumMs,
  };
  return {
    consumerNamespace: consumer === "" ? "" : namespaceFromProto(stats.consumerNamespace),
    consumer,
    namespace: namespaceFromProto(stats.namespace),
    service,
    instanceId,
    method,
    callsByCode: new Map(callsByCode),
    ...(latency && { latency }),
  };
}

function toCount(value: bigint): number {
  return Math.min(Number(value), Number.MAX_SAFE_INTEGER);
}

function countToProto(value: number): bigint {
  return BigInt(Math.min(Math.round(value), Number.MAX_SAFE_INTEGER));
}
