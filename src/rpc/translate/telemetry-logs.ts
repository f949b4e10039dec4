import { create } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import {
  LogRecordSchema,
  type LogQuery as ProtoLogQuery,
  type LogRecord as ProtoLogRecord,
} from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";
import type { Filter, LogDraft, LogQuery, LogRecord } from "../../telemetry/index.js";
import { namespaceFromProto } from "./refs.js";
import { anyNamespace } from "./telemetry-calls.js";

const NS_PER_SECOND = 1_000_000_000n;

/** A record as a service writes it. */
export function logDraftFromProto(record: ProtoLogRecord): LogDraft {
  const { service, instanceId, severity, body, attributes, traceId, spanId, time } = record;
  const namespace = namespaceFromProto(record.namespace);
  const draft = { namespace, service, instanceId, severity, body, attributes, traceId, spanId };
  return time ? { ...draft, timeNs: timestampNsFromProto(time) } : draft;
}

/** A record read back. */
export function logRecordToProto({ timeNs, ...record }: LogRecord): ProtoLogRecord {
  const seconds = timeNs / NS_PER_SECOND;
  const time = { seconds, nanos: Number(timeNs - seconds * NS_PER_SECOND) };
  return create(LogRecordSchema, { ...record, time });
}

/** Which records are wanted; without a query all. An empty namespace, or "*", means every one. */
export function logQueryFromProto(query: ProtoLogQuery | undefined, filter: Filter<LogRecord> | undefined): LogQuery {
  return {
    namespace: anyNamespace(query?.namespace ?? ""),
    service: query?.service ?? "",
    instanceId: query?.instanceId ?? "",
    minSeverity: query?.minSeverity ?? 0,
    contains: query?.contains ?? "",
    traceId: query?.traceId ?? "",
    ...(filter && { filter }),
  };
}

/** A Timestamp in nanoseconds since the epoch. */
export function timestampNsFromProto({ seconds, nanos }: Timestamp): bigint {
  return seconds * NS_PER_SECOND + BigInt(nanos);
}
