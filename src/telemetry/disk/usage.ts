import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { TelemetryUsageSchema } from "../../../gen/portolan/store/v1/telemetry_pb.js";
import type { Entry, Operation } from "./database.js";
import { numberedKey, parseFirst } from "./keys.js";

/** What is kept. */
export type Kind = "calls" | "logs" | "events";

/** Bytes that come to a kind at a moment, or leave it (negative). */
export interface Growth {
  readonly kind: Kind;
  /** The time of the record, milliseconds since the epoch. */
  readonly timeMs: number;
  readonly bytes: number;
}

/** The stretch of time whose bytes are counted together, in milliseconds; retention drops whole stretches. */
export const BUCKET_MS = 10_000;

const KINDS: readonly Kind[] = ["calls", "logs", "events"];

type Bytes = Record<Kind, number>;

/**
 * How many bytes are kept of each stretch of time: what retention by size goes by.
 *
 * Keys and values are counted as they are written, before the database compresses them.
 */
export class Usage {
  /** start of the stretch in ms -> bytes. */
  readonly #buckets = new Map<number, Bytes>();
  readonly #totals: Bytes = { calls: 0, logs: 0, events: 0 };

  /** Bytes kept, by kind. */
  get totals(): Readonly<Bytes> {
    return this.#totals;
  }

  /** Bytes kept of all kinds together. */
  get totalBytes(): number {
    return this.#totals.calls + this.#totals.logs + this.#totals.events;
  }

  /** The start of the oldest stretch of which something is kept, in ms. */
  oldestMs(): number | undefined {
    let oldest: number | undefined;
    for (const start of this.#buckets.keys()) if (oldest === undefined || start < oldest) oldest = start;
    return oldest;
  }

  /** Forgets everything and takes what an earlier process counted. */
  load(entries: Iterable<Entry>): void {
    this.#buckets.clear();
    Object.assign(this.#totals, { calls: 0, logs: 0, events: 0 });
    for (const [key, value] of entries) {
      const { calls, logs, events } = fromBinary(TelemetryUsageSchema, value);
      this.#addTo(parseFirst(key), { calls, logs, events });
    }
  }

  /** Counts what a batch brings or takes; answers the writes that make the counts durable with it. */
  add(growth: readonly Growth[]): Operation[] {
    return this.#change(growth, 1);
  }

  /** Takes a batch back that was not written. */
  subtract(growth: readonly Growth[]): void {
    this.#change(growth, -1);
  }

  /** Forgets a stretch of which nothing is left, whatever was counted. */
  forget(bucketMs: number): Operation[] {
    const bytes = this.#buckets.get(bucketMs);
    if (bytes) this.#addTo(bucketMs, { calls: -bytes.calls, logs: -bytes.logs, events: -bytes.events });
    this.#buckets.delete(bucketMs);
    return [this.#operation(bucketMs)];
  }

  #change(growth: readonly Growth[], sign: 1 | -1): Operation[] {
    const changed = new Map<number, Bytes>();
    for (const { kind, timeMs, bytes } of growth) {
      const start = Math.floor(timeMs / BUCKET_MS) * BUCKET_MS;
      const sum = changed.get(start) ?? { calls: 0, logs: 0, events: 0 };
      sum[kind] += sign * bytes;
      changed.set(start, sum);
    }
    for (const [start, bytes] of changed) this.#addTo(start, bytes);
    return [...changed.keys()].map((start) => this.#operation(start));
  }

  #addTo(start: number, added: Bytes): void {
    const bytes = this.#buckets.get(start) ?? { calls: 0, logs: 0, events: 0 };
    for (const kind of KINDS) {
      bytes[kind] += added[kind];
      this.#totals[kind] += added[kind];
    }
    if (bytes.calls + bytes.logs + bytes.events > 0) {
      this.#buckets.set(start, bytes);
      return;
    }
    for (const kind of KINDS) this.#totals[kind] -= bytes[kind];
    this.#buckets.delete(start);
  }

  #operation(start: number): Operation {
    const key = numberedKey("U", start);
    const bytes = this.#buckets.get(start);
    if (!bytes) return { type: "del", key };
    return { type: "put", key, value: toBinary(TelemetryUsageSchema, create(TelemetryUsageSchema, bytes)) };
  }
}
