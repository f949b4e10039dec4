import { CallLog } from "./calls/call-log.js";
import { CallReader } from "./calls/call-query.js";
import { Disk } from "./disk/disk.js";
import { Flusher } from "./disk/flusher.js";
import { Retention } from "./disk/retention.js";
import { Sequence } from "./disk/sequence.js";
import { EventLog } from "./events/event-log.js";
import { EventReader } from "./events/event-reader.js";
import { EventRecorder } from "./events/event-recorder.js";
import { EventTails } from "./events/event-tail.js";
import { RecentEvents } from "./events/recent-events.js";
import { IntakeRule } from "./intake.js";
import { DEFAULT_LIMITS, type TelemetryLimits } from "./limits.js";
import { LogJournal } from "./logs/log-journal.js";
import { LogReader } from "./logs/log-reader.js";
import { LogTails } from "./logs/log-tails.js";
import { Readers } from "./readers.js";
import { Roster } from "./roster.js";
import { readStatus } from "./status/status.js";
import { StatusWatches } from "./status/status-watch.js";
import { readTopology } from "./status/topology.js";
import type { Telemetry, TelemetryOptions } from "./telemetry.js";

/** What every part needs: the options, and the database with what writes to it. */
interface Base extends Omit<TelemetryOptions, "limits"> {
  readonly limits: TelemetryLimits;
  readonly disk: Disk;
  readonly flusher: Flusher;
  readonly sequence: Sequence;
  readonly roster: Roster;
  readonly intake: IntakeRule;
}

/** Opens telemetry. A database that fails is logged and tried again; it never rejects for it. */
export async function createTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const base = await openBase(options);
  const readers = new Readers({ metrics: options.metrics, maxReaders: base.limits.maxReaders });
  const calls = openCalls(base);
  const logs = openLogs(base);
  const events = await openEvents(base);
  const { limits, roster } = base;
  const sources = { roster, calls: calls.reader, clock: base.clock };
  const watches = new StatusWatches({ ...sources, log: base.log, refreshMs: limits.statusRefreshMs });
  const { maxAgeMs, maxBytes, retentionIntervalMs: intervalMs } = limits;
  const dropEvents = events.log.dropIndexed.bind(events.log);
  const retention = new Retention({ ...base, maxAgeMs, maxBytes, intervalMs, dropEvents });
  retention.start();
  return {
    reportCalls: (report) => calls.log.report(report),
    queryCalls: (query, signal) => calls.reader.query(query, signal),
    writeLogs: (records) => logs.journal.write(records),
    queryLogs: (query) => logs.reader.page(query),
    tailLogs: (tail) => readers.open({ kind: "logs", ...tail, open: (signal) => logs.tails.open({ ...tail, signal }) }),
    sessionEvent: (event) => events.recorder.notice(event),
    expiryEvent: (event) => events.recorder.notice(event),
    nackEvent: (event) => events.recorder.notice(event),
    queryEvents: (query) => events.reader.page(query),
    tailEvents: (tail) =>
      readers.open({ kind: "events", ...tail, open: (signal) => events.tails.open({ ...tail, signal }) }),
    status: (query) => readStatus(sources, query),
    watchStatus: (watch) =>
      readers.open({ kind: "status", ...watch, open: (signal) => watches.open({ ...watch, signal }) }),
    topology: (query) => readTopology(sources, query),
    async [Symbol.asyncDispose]() {
      readers[Symbol.dispose]();
      watches[Symbol.dispose]();
      await retention.stop();
      await events.recorder[Symbol.asyncDispose]();
      roster[Symbol.dispose]();
      await base.flusher.flush();
      await base.disk[Symbol.asyncDispose]();
    },
  };
}

async function openBase(options: TelemetryOptions): Promise<Base> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const disk = new Disk({ ...options, syncMs: limits.syncMs });
  await disk.open();
  const roster = new Roster(options.store);
  const intake = new IntakeRule({ ...options, roster, maxAgeMs: limits.maxAgeMs });
  const flusher = new Flusher({ disk, clock: options.clock, intervalMs: limits.flushMs });
  return { ...options, limits, disk, flusher, roster, intake, sequence: await Sequence.open(disk) };
}

function openCalls(base: Base): { readonly log: CallLog; readonly reader: CallReader } {
  const { maxSeriesPerWindow, maxPoints } = base.limits;
  const log = new CallLog({ ...base, maxSeriesPerWindow });
  base.flusher.add(log);
  return { log, reader: new CallReader({ ...base, maxPoints }) };
}

function openLogs(base: Base): { readonly journal: LogJournal; readonly reader: LogReader; readonly tails: LogTails } {
  const { maxScanned, maxTailPending: maxPending, maxPendingLogBytes: maxPendingBytes } = base.limits;
  const { sequence, metrics } = base;
  const reader = new LogReader({ ...base, maxScanned });
  const tails = new LogTails({ reader, metrics, maxPending, nextSequence: () => sequence.next });
  const journal = new LogJournal({ ...base, maxPendingBytes, onRecord: (record) => tails.publish(record) });
  base.flusher.add(journal);
  return { journal, reader, tails };
}

async function openEvents(base: Base) {
  const { limits, store } = base;
  const log = await EventLog.open({ ...base, storeRevision: store.status().revision });
  const last = { revision: log.next.revision, order: log.next.order - 1 };
  const recent = new RecentEvents({ capacity: limits.maxRecentEvents, last });
  const { maxPendingChanges, maxScanned, flushMs: gatherMs } = limits;
  const recorder = new EventRecorder({ ...base, events: log, recent, maxPendingChanges, gatherMs });
  const reader = new EventReader({ ...base, events: log, recorder, maxScanned });
  return { log, recorder, reader, tails: new EventTails({ store, events: log, recent, recorder }) };
}
