import type { Timestamp } from "@bufbuild/protobuf/wkt";
import {
  type CallStats,
  CallStatsSchema,
  EventQuerySchema,
  GetServiceStatusRequestSchema,
  GetTopologyRequestSchema,
  GroupBySchema,
  LatencyHistogramSchema,
  LogQuerySchema,
  LogRecordSchema,
  QueryCallsRequestSchema,
  QueryEventsRequestSchema,
  QueryLogsRequestSchema,
  ReportCallsRequestSchema,
  SeveritySchema,
  TailEventsRequestSchema,
  TailLogsRequestSchema,
  WatchServiceStatusRequestSchema,
  WriteLogsRequestSchema,
} from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";
import type { Filters } from "../filter/index.js";
import { filter } from "./filter.js";
import { custom, free, list, type MessageRules, type Report, rulesFor } from "./message-rules.js";
import { instanceIdOrEmpty, name, nameOrEmpty, nameOrStar, namespace, namespaceOrStar } from "./names.js";
import { duration, isReversed, requiredTimestamp, timestamp } from "./times.js";
import {
  bytesUpTo,
  finite,
  integer,
  known,
  labels,
  pageSize,
  pageToken,
  revision,
  textLike,
  textUpTo,
} from "./values.js";

const MAX_BATCH = 1_000;
const MAX_BOUNDS = 100;
const MAX_CODE = 16;
const MAX_BODY_BYTES = 65_536;
const MAX_ATTRIBUTE_BYTES = 8_192;
const YEAR_MS = 365 * 86_400_000;
const traceId = textLike(/^(?:[0-9a-f]{32})?$/, "must be 32 lower-case hexadecimal digits, or empty");
const spanId = textLike(/^(?:[0-9a-f]{16})?$/, "must be 16 lower-case hexadecimal digits, or empty");
const method = textUpTo(256);

/** Requests of TelemetryService. @param retentionMs how far back a window may reach. */
export function telemetryRules(filters: Filters, retentionMs: number): readonly MessageRules[] {
  const window = duration({ minMs: 1_000, maxMs: retentionMs });
  const logQueryRules = rulesFor(LogQuerySchema, {
    namespace: namespaceOrStar,
    service: nameOrEmpty,
    instanceId: instanceIdOrEmpty,
    minSeverity: known(SeveritySchema, true),
    contains: textUpTo(256),
    traceId,
    filter: filter(filters, "log"),
  });
  const query = logQueryRules.type.optional();
  return [
    ...callRules,
    ...logRules,
    ...eventRules,
    logQueryRules,
    rulesFor(QueryLogsRequestSchema, { query, ...range, pageSize, pageToken }, checkRange),
    rulesFor(TailLogsRequestSchema, { query, backlog: integer(0, 1_000) }),
    rulesFor(GetServiceStatusRequestSchema, { namespace, service: name, window }),
    rulesFor(WatchServiceStatusRequestSchema, { namespace, service: nameOrStar, window }),
    rulesFor(GetTopologyRequestSchema, { namespace: namespaceOrStar, window }),
  ];
}

interface Range {
  readonly start?: Timestamp | undefined;
  readonly end?: Timestamp | undefined;
}

const range = { start: timestamp, end: timestamp } as const;

function checkRange({ start, end }: Range, report: Report): void {
  if (isReversed(start, end)) report(["end"], "must not be before start");
}

const histogramRules = rulesFor(
  LatencyHistogramSchema,
  { boundsMs: list(finite, 0, MAX_BOUNDS), counts: list(free, 1, MAX_BOUNDS + 1), sumMs: finite },
  ({ boundsMs, counts }, report) => {
    const descent = boundsMs.findIndex((bound, index) => index > 0 && bound <= (boundsMs[index - 1] ?? 0));
    if (descent > 0) report(["boundsMs", descent], "must be above the bound before it");
    if (counts.length !== boundsMs.length + 1) report(["counts"], "must have one entry more than bounds_ms");
  },
);

const callStatsRules = rulesFor(CallStatsSchema, {
  consumerNamespace: namespace,
  consumer: nameOrEmpty,
  namespace,
  service: name,
  instanceId: instanceIdOrEmpty,
  method,
  callsByCode: custom<CallStats["callsByCode"]>((calls, report) => {
    for (const code of Object.keys(calls)) {
      if (Number(code) > MAX_CODE) report([code], `must have a gRPC status code of 0 to ${MAX_CODE} as its key`);
    }
  }),
  latency: histogramRules.type.optional(),
});

const callRules: readonly MessageRules[] = [
  histogramRules,
  callStatsRules,
  rulesFor(
    ReportCallsRequestSchema,
    { start: requiredTimestamp, end: requiredTimestamp, stats: list(callStatsRules.type, 1, MAX_BATCH) },
    checkRange,
  ),
  rulesFor(
    QueryCallsRequestSchema,
    {
      namespace: namespaceOrStar,
      service: nameOrEmpty,
      consumer: nameOrEmpty,
      instanceId: instanceIdOrEmpty,
      method,
      ...range,
      step: duration({ minMs: 1_000, maxMs: YEAR_MS }),
      groupBy: list(known(GroupBySchema, false), 0, GroupBySchema.values.length - 1),
    },
    (query, report) => {
      checkRange(query, report);
      const { groupBy } = query;
      const repeated = groupBy.findIndex((group, index) => groupBy.indexOf(group) !== index);
      if (repeated !== -1) report(["groupBy", repeated], "must not be named twice");
    },
  ),
];

const logRecordRules = rulesFor(LogRecordSchema, {
  time: timestamp,
  namespace,
  service: name,
  instanceId: instanceIdOrEmpty,
  severity: known(SeveritySchema, true),
  body: bytesUpTo(MAX_BODY_BYTES),
  attributes: labels(MAX_ATTRIBUTE_BYTES),
  traceId,
  spanId,
});

const logRules: readonly MessageRules[] = [
  logRecordRules,
  rulesFor(WriteLogsRequestSchema, { records: list(logRecordRules.type, 1, MAX_BATCH) }),
];

const eventQueryRules = rulesFor(EventQuerySchema, {
  namespace: namespaceOrStar,
  service: nameOrEmpty,
  type: textLike(/^[a-z._-]{0,64}$/, "must be a prefix of an event's type, such as instance."),
  actor: textUpTo(256),
});

const eventRules: readonly MessageRules[] = [
  eventQueryRules,
  rulesFor(
    QueryEventsRequestSchema,
    { query: eventQueryRules.type.optional(), ...range, pageSize, pageToken },
    checkRange,
  ),
  rulesFor(TailEventsRequestSchema, { query: eventQueryRules.type.optional(), afterRevision: revision }),
];
