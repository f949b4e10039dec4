import type { Logger } from "pino";
import type { Clock, Timer } from "../../stream/index.js";
import type { TelemetryMetrics } from "../metrics.js";
import type { Entry, KeyRange, Operation } from "./database.js";
import type { Disk } from "./disk.js";
import { numberedKey } from "./keys.js";
import { BUCKET_MS, type Growth, type Kind } from "./usage.js";

/** Tells what else must go with a record that retention drops: the record that an index entry names, and its bytes. */
export interface Dropped {
  readonly operations: readonly Operation[];
  readonly bytes: number;
}

/** Options of the retention. */
export interface RetentionOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: TelemetryMetrics;
  /** How long records are kept, in milliseconds. */
  readonly maxAgeMs: number;
  /** How much is kept of all kinds together, in bytes before compression. */
  readonly maxBytes: number;
  /** How often it looks, in milliseconds. */
  readonly intervalMs: number;
  /** Drops index entries of events with what they stand for. */
  readonly dropEvents: (entries: readonly Entry[]) => Promise<Dropped>;
}

const NS_PER_MS = 1_000_000n;

/**
 * Drops what is too old, and the oldest while too much is kept: whole stretches of ten seconds, in steps, in the background.
 *
 * A step is one chunk of a scan and one atomic write, so that neither readers nor writers wait for long.
 */
export class Retention {
  readonly #options: RetentionOptions;
  #timer: Timer | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Begins to look from time to time. */
  start(): void {
    this.#timer = this.#options.clock.after(this.#options.intervalMs, () => {
      void this.sweep().then(() => {
        if (!this.#stopped) this.start();
      });
    });
    this.#report();
  }

  /** Drops everything that is due now. Never rejects: what fails is tried again at the next look. */
  sweep(): Promise<void> {
    this.#sweeping = this.#sweeping.then(() => this.#sweep());
    return this.#sweeping;
  }

  /** Ends it; resolves when the step that runs is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    try {
      for (let due = this.#due(); due !== undefined && !this.#stopped; due = this.#due()) {
        if (!(await this.#drop(due))) return;
      }
    } catch (error) {
      this.#options.log.warn({ err: error }, "telemetry that is due could not be dropped; it is tried again");
    } finally {
      this.#report();
    }
  }

  #due(): number | undefined {
    const { disk, clock, maxAgeMs, maxBytes } = this.#options;
    const oldest = disk.usage.oldestMs();
    if (oldest === undefined) return undefined;
    const tooOld = oldest + BUCKET_MS <= clock.wallMs() - maxAgeMs;
    return tooOld || disk.usage.totalBytes > maxBytes ? oldest : undefined;
  }

  async #drop(bucketMs: number): Promise<boolean> {
    const endMs = bucketMs + BUCKET_MS;
    const logs = { gte: numberedKey("L", nanos(bucketMs)), lt: numberedKey("L", nanos(endMs)) };
    const dropped =
      (await this.#dropRange("logs", bucketMs, logs)) &&
      (await this.#dropRange("calls", bucketMs, { gte: numberedKey("C", bucketMs), lt: numberedKey("C", endMs) })) &&
      (await this.#dropRange("calls", bucketMs, { gte: numberedKey("R", bucketMs), lt: numberedKey("R", endMs) })) &&
      (await this.#dropRange("events", bucketMs, { gte: numberedKey("T", bucketMs), lt: numberedKey("T", endMs) }));
    if (!dropped) return false;
    return this.#options.disk.write({ operations: this.#options.disk.usage.forget(bucketMs), growth: [] });
  }

  async #dropRange(kind: Kind, bucketMs: number, range: KeyRange): Promise<boolean> {
    for await (const chunk of this.#options.disk.scan(range)) {
      const more = kind === "events" ? await this.#options.dropEvents(chunk) : { operations: [], bytes: 0 };
      const own = chunk.map(([key]): Operation => ({ type: "del", key }));
      const bytes = chunk.reduce((sum, [key, value]) => sum + key.length + value.length, more.bytes);
      const growth: Growth[] = [{ kind, timeMs: bucketMs, bytes: -bytes }];
      if (!(await this.#options.disk.write({ operations: [...own, ...more.operations], growth }))) return false;
    }
    return true;
  }

  #report(): void {
    const { disk, clock, metrics } = this.#options;
    const oldest = disk.usage.oldestMs();
    metrics.kept(disk.usage.totals, oldest === undefined ? 0 : Math.max(0, clock.wallMs() - oldest) / 1000);
  }
}

function nanos(ms: number): bigint {
  return BigInt(ms) * NS_PER_MS;
}
