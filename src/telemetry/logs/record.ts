import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { TelemetryLogSchema } from "../../../gen/portolan/store/v1/telemetry_pb.js";
import type { LogRecord } from "./log-record.js";

/** A log record at rest. */
export function encodeLog({ timeNs, ...record }: LogRecord): Uint8Array {
  return toBinary(TelemetryLogSchema, create(TelemetryLogSchema, { ...record, timeUnixNano: timeNs }));
}

/** Reads a log record. */
export function decodeLog(value: Uint8Array): LogRecord {
  const record = fromBinary(TelemetryLogSchema, value);
  const { namespace, service, instanceId, severity, body, attributes, traceId, spanId } = record;
  const timeNs = record.timeUnixNano;
  return { timeNs, namespace, service, instanceId, severity, body, attributes, traceId, spanId };
}
