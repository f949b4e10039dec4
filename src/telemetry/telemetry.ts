import type { Logger } from "pino";
import type { Store } from "../store/index.js";
import type { Clock } from "../stream/index.js";
import type { CallAnswer, CallQuery } from "./calls/call-query.js";
import type { CallReport, Intake } from "./calls/call-stats.js";
import type { TelemetryDatabase } from "./disk/database.js";
import type { Event, ExpiryEvent, NackEvent, SessionEvent } from "./events/event.js";
import type { EventPage, EventPageQuery } from "./events/event-reader.js";
import type { EventTailOptions } from "./events/event-tail.js";
import type { TelemetryLimits } from "./limits.js";
import type { LogPage, LogPageQuery } from "./logs/log-reader.js";
import type { LogDraft } from "./logs/log-record.js";
import type { LogTailBatch, LogTailOptions } from "./logs/log-tail.js";
import type { TelemetryMetrics } from "./metrics.js";
import type { ServiceStatus, StatusQuery } from "./status/status.js";
import type { StatusWatchOptions } from "./status/status-watch.js";
import type { Topology, TopologyQuery } from "./status/topology.js";

/** Options of telemetry. */
export interface TelemetryOptions {
  /** Its own, beside the state: `levelDatabase(dataDir)` or `memoryDatabase()`. Telemetry opens and closes it. */
  readonly database: TelemetryDatabase;
  /** Which services exist, and the feed that events come from. */
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: TelemetryMetrics;
  /** What is left out is as `DEFAULT_LIMITS` says. */
  readonly limits?: Partial<TelemetryLimits>;
}

/**
 * The product's telemetry: how calls go, what services log, what happened.
 *
 * Never in the way of state: it has a database of its own, writes it in batches without waiting for the disk (a power
 * failure takes about the last second of calls and logs; events are read again from the store's history), and when that
 * database fails, telemetry is dropped and counted while everything else goes on. Reads then throw STORE_UNAVAILABLE.
 *
 * Every read shows what was taken in before it.
 */
export interface Telemetry extends AsyncDisposable {
  /** Takes the entries of a report in that name a known service and lie within the retention. */
  reportCalls(report: CallReport): Intake;
  /** Calls over time. @throws DomainError FIELDS_INVALID on `step` when there would be too many points. */
  queryCalls(query: CallQuery, signal?: AbortSignal): Promise<CallAnswer>;

  /** Takes records in that name a known service and lie within the retention; slows the caller down while much waits. */
  writeLogs(records: readonly LogDraft[]): Promise<Intake>;
  /** One page, newest first. */
  queryLogs(query: LogPageQuery): Promise<LogPage>;
  /** The backlog, then each record as it arrives. @throws DomainError LIMIT_EXCEEDED. */
  tailLogs(options: LogTailOptions): AsyncIterable<LogTailBatch>;

  /** Records what happened to a session. Must not throw and does not wait. */
  sessionEvent(event: SessionEvent): void;
  /** Records that expiry was paused, or goes on. Must not throw and does not wait. */
  expiryEvent(event: ExpiryEvent): void;
  /** Records that an xDS client refused something. Must not throw and does not wait. */
  nackEvent(event: NackEvent): void;
  /** One page, newest first. */
  queryEvents(query: EventPageQuery): Promise<EventPage>;
  /** Every event after a revision, then each as it happens. @throws DomainError REVISION_OUT_OF_RANGE, LIMIT_EXCEEDED. */
  tailEvents(options: EventTailOptions): AsyncIterable<readonly Event[]>;

  /** A service at a glance. @throws DomainError NOT_FOUND. */
  status(query: StatusQuery): Promise<ServiceStatus>;
  /** Every status asked for, then those that changed. @throws DomainError NOT_FOUND, LIMIT_EXCEEDED. */
  watchStatus(options: StatusWatchOptions): AsyncIterable<readonly ServiceStatus[]>;
  /** Who calls whom. */
  topology(query: TopologyQuery): Promise<Topology>;

  /** Ends tails and watches, writes what waits, closes the database. */
  [Symbol.asyncDispose](): Promise<void>;
}
