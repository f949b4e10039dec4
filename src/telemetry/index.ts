/**
 * The product's telemetry: how calls go, what services log, what happened and who did it.
 *
 * Start with `logs/log-record.ts`, `calls/call-stats.ts` and `events/event.ts`: what is kept.
 *
 * @module
 */
export type { CallReport, CallSeriesKey, CallStats, Intake, LatencyHistogram } from "./calls/call-stats.js";
export type { Event, EventPlace, SessionEvent } from "./events/event.js";
export type { EventQuery } from "./events/event-query.js";
export type { Filter } from "./filter.js";
export type { LogQuery } from "./logs/log-query.js";
export type { LogDraft, LogRecord } from "./logs/log-record.js";
