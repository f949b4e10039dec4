import { Counter, Gauge, type Registry } from "prom-client";
import type { Kind } from "./disk/usage.js";

/** Why an entry or a record was not taken in. */
export type RejectReason = "unknown_service" | "too_old" | "in_future" | "too_many_series";

/** What telemetry counts of itself. */
export interface TelemetryMetrics {
  /** Records written to the database. */
  written(kind: Kind, records: number): void;
  /** Records lost because a buffer was full or the database failed. */
  dropped(kind: Kind, records: number): void;
  /** Entries and records refused. */
  rejected(kind: Kind, reason: RejectReason, records: number): void;
  /** Calls whose instance and method were left out because a window had too many series. */
  folded(entries: number): void;
  /** Writes to the database that failed. */
  writeFailed(): void;
  /** Whether the database takes writes. */
  writable(writable: boolean): void;
  /** Bytes kept of each kind, and the age of the oldest in seconds. */
  kept(bytes: Readonly<Record<Kind, number>>, oldestAgeSeconds: number): void;
  /** One more tail or status watch (1), or one less (-1). */
  readers(kind: Kind | "status", change: 1 | -1): void;
  /** Records that readers of tails were too slow for. */
  missed(kind: Kind, records: number): void;
  /** How many events wait to be recorded. */
  eventsPending(changeSets: number): void;
  /** The event log fell back to the store's history because too much waited. */
  eventsOverrun(): void;
}

/** Registers telemetry's metrics. */
export function createTelemetryMetrics(register: Registry): TelemetryMetrics {
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter({ name: `portolan_telemetry_${name}`, help, labelNames, registers: [register] });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name: `portolan_telemetry_${name}`, help, labelNames, registers: [register] });

  const written = counter("written_records_total", "Records written to the telemetry database.", ["kind"]);
  const dropped = counter("dropped_records_total", "Records lost: buffer full or database failing.", ["kind"]);
  const rejected = counter("rejected_records_total", "Entries and records refused.", ["kind", "reason"]);
  const folded = counter("folded_entries_total", "Call entries kept without instance and method: too many series.");
  const failures = counter("write_failures_total", "Writes to the telemetry database that failed.");
  const writable = gauge("writable", "1 while the telemetry database takes writes.");
  const kept = gauge("kept_bytes", "Bytes kept, before compression.", ["kind"]);
  const oldest = gauge("oldest_age_seconds", "Age of the oldest stretch of time kept.");
  const readers = gauge("readers", "Open tails and status watches.", ["kind"]);
  const missed = counter("missed_records_total", "Records dropped for tails that read too slowly.", ["kind"]);
  const pending = gauge("events_pending_changesets", "Change sets whose events are not recorded yet.");
  const overruns = counter("events_overruns_total", "Times the event log fell back to the store's history.");
  return {
    written: (kind, records) => written.inc({ kind }, records),
    dropped: (kind, records) => dropped.inc({ kind }, records),
    rejected: (kind, reason, records) => rejected.inc({ kind, reason }, records),
    folded: (entries) => folded.inc(entries),
    writeFailed: () => failures.inc(),
    writable: (value) => writable.set(value ? 1 : 0),
    kept(bytes, oldestAgeSeconds) {
      for (const [kind, value] of Object.entries(bytes)) kept.set({ kind: kind as Kind }, value);
      oldest.set(oldestAgeSeconds);
    },
    readers: (kind, change) => readers.inc({ kind }, change),
    missed: (kind, records) => missed.inc({ kind }, records),
    eventsPending: (changeSets) => pending.set(changeSets),
    eventsOverrun: () => overruns.inc(),
  };
}
