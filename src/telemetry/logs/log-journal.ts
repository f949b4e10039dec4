import type { Clock } from "../../stream/index.js";
import type { Intake } from "../calls/call-stats.js";
import type { Operation } from "../disk/database.js";
import type { Collected, Flusher, Source } from "../disk/flusher.js";
import { logKey, serviceHash } from "../disk/keys.js";
import type { Sequence } from "../disk/sequence.js";
import type { Growth } from "../disk/usage.js";
import type { IntakeRule } from "../intake.js";
import type { TelemetryMetrics } from "../metrics.js";
import type { LogDraft, LogRecord } from "./log-record.js";
import { encodeLog } from "./record.js";

/** Options of the journal. */
export interface LogJournalOptions {
  readonly flusher: Flusher;
  readonly sequence: Sequence;
  readonly intake: IntakeRule;
  readonly clock: Clock;
  readonly metrics: TelemetryMetrics;
  /** Bytes that may wait to be written; new records are dropped beyond it. */
  readonly maxPendingBytes: number;
  /** Told of each record taken in, at once. Must not throw. */
  readonly onRecord: (record: LogRecord) => void;
}

interface Pending {
  readonly operation: Operation;
  readonly growth: Growth;
}

/** Bytes of one write: small, because handing them to the database blocks everybody else. */
const BATCH_BYTES = 256 * 1024;
/** From here on a writer waits until it is written. */
const ENOUGH_BYTES = 1024 * 1024;
const NS_PER_MS = 1_000_000n;

/** Takes log records in, and writes them in batches. */
export class LogJournal implements Source {
  readonly #options: LogJournalOptions;
  #pending: Pending[] = [];
  #pendingBytes = 0;

  constructor(options: LogJournalOptions) {
    this.#options = options;
  }

  /**
   * Takes records in that name a known service and lie within the retention; those without a time happened now.
   *
   * While much waits to be written it waits too, which slows the writer of a stream down. Records that do not fit even
   * then are dropped and counted as rejected.
   */
  async write(drafts: readonly LogDraft[]): Promise<Intake> {
    const enough = Math.min(ENOUGH_BYTES, this.#options.maxPendingBytes / 2);
    if (this.#pendingBytes > enough) await this.#options.flusher.flush();
    let accepted = 0;
    for (const draft of drafts) if (this.#take(draft)) accepted++;
    if (accepted > 0) this.#options.flusher.touch();
    return { accepted, rejected: drafts.length - accepted };
  }

  /** The next records to write; `Source`. */
  collect(): Collected | undefined {
    if (this.#pending.length === 0) return undefined;
    const batch = this.#cut();
    const operations = [...batch.map(({ operation }) => operation), this.#options.sequence.operation()];
    const growth = batch.map((pending) => pending.growth);
    for (const { bytes } of growth) this.#pendingBytes -= bytes;
    const { metrics } = this.#options;
    const settled = (written: boolean) =>
      written ? metrics.written("logs", batch.length) : metrics.dropped("logs", batch.length);
    return { operations, growth, settled };
  }

  #take(draft: LogDraft): boolean {
    const timeNs = draft.timeNs ?? BigInt(this.#options.clock.wallMs()) * NS_PER_MS;
    const timeMs = Number(timeNs / NS_PER_MS);
    const { namespace, service } = draft;
    if (this.#options.intake.refuses("logs", { namespace, name: service }, timeMs)) return false;
    const record: LogRecord = { ...draft, timeNs };
    const sequence = this.#options.sequence.take();
    const key = logKey({ timeNs, sequence, service: serviceHash(namespace, service), severity: draft.severity });
    const value = encodeLog(record);
    const bytes = key.length + value.length;
    if (this.#pendingBytes + bytes > this.#options.maxPendingBytes) {
      this.#options.metrics.dropped("logs", 1);
      return false;
    }
    this.#pending.push({ operation: { type: "put", key, value }, growth: { kind: "logs", timeMs, bytes } });
    this.#pendingBytes += bytes;
    this.#options.onRecord(record);
    return true;
  }

  /** Takes about one write from the front. */
  #cut(): Pending[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#pending.length && bytes < BATCH_BYTES) bytes += this.#pending[count++]?.growth.bytes ?? 0;
    const batch = this.#pending.slice(0, count);
    this.#pending = this.#pending.slice(count);
    return batch;
  }
}
