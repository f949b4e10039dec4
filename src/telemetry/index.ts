/**
 * The product's telemetry: how calls go, what services log, what happened and who did it.
 *
 * Start with `telemetry.ts`: what the room promises. `create-telemetry.ts` puts it together from `calls/`, `logs/`, `events/`
 * and `status/`, which all lie on the one database of `disk/`.
 *
 * @module
 */
export type { CallAnswer, CallGrouping, CallQuery, CallSeries } from "./calls/call-query.js";
export type { CallReport, CallSeriesKey, CallStats, Intake, LatencyHistogram } from "./calls/call-stats.js";
export type { CallPoint } from "./calls/figures.js";
export { createTelemetry } from "./create-telemetry.js";
export { levelDatabase, memoryDatabase, type TelemetryDatabase } from "./disk/database.js";
export type { Event, EventPlace, ExpiryEvent, SessionEvent } from "./events/event.js";
export type { EventQuery } from "./events/event-query.js";
export type { EventCursor, EventPage, EventPageQuery } from "./events/event-reader.js";
export type { EventTailOptions } from "./events/event-tail.js";
export type { Filter } from "./filter.js";
export { DEFAULT_LIMITS, type TelemetryLimits } from "./limits.js";
export type { LogQuery } from "./logs/log-query.js";
export type { LogCursor, LogPage, LogPageQuery } from "./logs/log-reader.js";
export type { LogDraft, LogRecord } from "./logs/log-record.js";
export type { LogTailBatch, LogTailOptions } from "./logs/log-tail.js";
export { createTelemetryMetrics, type TelemetryMetrics } from "./metrics.js";
export type { ServiceStatus, StatusQuery } from "./status/status.js";
export type { StatusWatchOptions } from "./status/status-watch.js";
export type { Topology, TopologyEdge, TopologyNode, TopologyQuery } from "./status/topology.js";
export type { Telemetry, TelemetryOptions } from "./telemetry.js";
