import { setImmediate as nextTurn } from "node:timers/promises";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import { TelemetryFormatSchema } from "../../../gen/portolan/store/v1/telemetry_pb.js";
import { DomainError } from "../../model/index.js";
import type { Clock, Timer } from "../../stream/index.js";
import type { TelemetryMetrics } from "../metrics.js";
import type { Entry, KeyRange, Operation, TelemetryDatabase } from "./database.js";
import { metaKey, numberedKey, tableEnd } from "./keys.js";
import { type Growth, Usage } from "./usage.js";

/** One atomic write, and what it brings or takes. */
export interface DiskBatch {
  readonly operations: readonly Operation[];
  readonly growth: readonly Growth[];
}

/** Options of a disk. */
export interface DiskOptions {
  readonly database: TelemetryDatabase;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: TelemetryMetrics;
  /** How much may be lost when the power fails, in milliseconds: a batch is followed by a sync within this time. */
  readonly syncMs: number;
}

/** What this program writes; another number is refused. */
const FORMAT_VERSION = 1;
/** How long after a failure the database is opened anew. */
const RETRY_MS = 1_000;
/** Entries read in one step, after which others get their turn. */
const CHUNK_ENTRIES = 500;

/**
 * The telemetry database as the room uses it: writes one at a time, never throws for a write, opens again after a failure.
 *
 * State machine: open -> failing (a write failed, or it could not be opened) -> open, tried anew by the first write or read
 * that comes a second later. While it fails, writes answer false at once and reads throw STORE_UNAVAILABLE.
 */
export class Disk implements AsyncDisposable {
  readonly usage = new Usage();
  readonly #options: DiskOptions;
  /** The last write that was asked for: the next one waits for it. */
  #tail: Promise<unknown> = Promise.resolve();
  #state: "closed" | "open" | "failing" = "closed";
  #retryAtMs = Number.NEGATIVE_INFINITY;
  #syncTimer: Timer | undefined;

  constructor(options: DiskOptions) {
    this.#options = options;
  }

  /** Opens the database; a failure is logged, and it is tried again later. */
  async open(): Promise<void> {
    await this.#serialized(() => this.#ready());
  }

  /** Writes atomically; false when it could not be written, and nothing of it is. */
  write(batch: DiskBatch): Promise<boolean> {
    return this.#serialized(() => this.#write(batch));
  }

  /** Reads one record. @throws DomainError STORE_UNAVAILABLE. */
  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    await this.#readable();
    return this.#reading(() => this.#options.database.get(key));
  }

  /** Reads records in the order of their keys. @throws DomainError STORE_UNAVAILABLE. */
  async getMany(keys: Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    await this.#readable();
    return this.#reading(() => this.#options.database.getMany(keys));
  }

  /**
   * Reads a stretch in chunks, and lets others have their turn between them. Shows what was written when the first chunk was
   * asked for.
   *
   * @throws DomainError STORE_UNAVAILABLE.
   */
  async *scan(range: KeyRange): AsyncGenerator<readonly Entry[], void, void> {
    await this.#readable();
    const iterator = await this.#reading(async () => this.#options.database.iterator(range));
    try {
      for (;;) {
        const chunk = await this.#reading(() => iterator.nextv(CHUNK_ENTRIES));
        if (chunk.length === 0) return;
        yield chunk;
        await nextTurn();
      }
    } finally {
      await iterator.close();
    }
  }

  /** Syncs what is written and closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#serialized(async () => {
      if (this.#syncTimer) await this.#sync();
      if (this.#state !== "closed") await this.#options.database.close().catch(() => undefined);
      this.#state = "closed";
      this.#retryAtMs = Number.POSITIVE_INFINITY;
    });
  }

  #serialized<T>(run: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(run);
    this.#tail = done.catch(() => undefined);
    return done;
  }

  async #write(batch: DiskBatch): Promise<boolean> {
    if (!(await this.#ready())) return false;
    const operations = [...batch.operations, ...this.usage.add(batch.growth)];
    try {
      await this.#options.database.batch(operations, { sync: false });
    } catch (error) {
      this.usage.subtract(batch.growth);
      this.#fail(error);
      return false;
    }
    this.#syncTimer ??= this.#options.clock.after(this.#options.syncMs, () => {
      this.#serialized(() => this.#sync()).catch((error: unknown) => this.#fail(error));
    });
    return true;
  }

  /** An empty batch with sync: LevelDB then has everything before it on the disk. */
  async #sync(): Promise<void> {
    this.#syncTimer?.cancel();
    this.#syncTimer = undefined;
    if (this.#state !== "open") return;
    try {
      await this.#options.database.batch([formatRecord()], { sync: true });
    } catch (error) {
      this.#fail(error);
    }
  }

  async #readable(): Promise<void> {
    if (this.#state !== "open") await this.open();
    if (this.#state !== "open") throw unavailable();
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw unavailable(error);
    }
  }

  async #ready(): Promise<boolean> {
    if (this.#state === "open") return true;
    if (this.#options.clock.monotonicMs() < this.#retryAtMs) return false;
    try {
      if (this.#state === "failing") await this.#options.database.close();
      await this.#load().catch((error: unknown) => this.#beginAnew(error));
    } catch (error) {
      this.#fail(error);
      return false;
    }
    if (this.#state === "failing") this.#options.log.info("telemetry is written again");
    this.#state = "open";
    this.#options.metrics.writable(true);
    return true;
  }

  async #load(): Promise<void> {
    await this.#options.database.open();
    await this.#checkFormat();
    await this.#loadUsage();
  }

  /** What is damaged stays so: it is put aside, because telemetry may be lost and must not be in the way. */
  async #beginAnew(error: unknown): Promise<void> {
    if (!isDamage(error)) throw error;
    const { database, log } = this.#options;
    await database.close();
    const aside = await database.setAside();
    log.error({ err: error, aside }, "the telemetry database is damaged: it is put aside, and telemetry begins anew");
    await this.#load();
  }

  async #checkFormat(): Promise<void> {
    const record = await this.#options.database.get(metaKey("format"));
    if (!record) return this.#options.database.batch([formatRecord()], { sync: false });
    const { version } = fromBinary(TelemetryFormatSchema, record);
    if (version !== FORMAT_VERSION) {
      throw new Error(`the telemetry database has format ${version}; this program writes ${FORMAT_VERSION}`);
    }
  }

  async #loadUsage(): Promise<void> {
    const iterator = this.#options.database.iterator({ gte: numberedKey("U"), lt: tableEnd("U") });
    const entries: Entry[] = [];
    for (
      let chunk = await iterator.nextv(CHUNK_ENTRIES);
      chunk.length > 0;
      chunk = await iterator.nextv(CHUNK_ENTRIES)
    ) {
      entries.push(...chunk);
    }
    await iterator.close();
    try {
      this.usage.load(entries);
    } catch (cause) {
      throw new RangeError("the records of what is kept cannot be read", { cause });
    }
  }

  #fail(error: unknown): void {
    if (this.#state !== "failing") {
      this.#options.log.error(
        { err: error },
        "telemetry cannot be written: it is dropped until the database takes it again",
      );
    }
    this.#state = "failing";
    this.#retryAtMs = this.#options.clock.monotonicMs() + RETRY_MS;
    this.#options.metrics.writeFailed();
    this.#options.metrics.writable(false);
  }
}

/** True for what a decoder or LevelDB says of bytes that are wrong; false for what the machine says. */
function isDamage(error: unknown): boolean {
  if (error instanceof RangeError) return true;
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && cause.code === "LEVEL_CORRUPTION";
}

function formatRecord(): Operation {
  const value = toBinary(TelemetryFormatSchema, create(TelemetryFormatSchema, { version: FORMAT_VERSION }));
  return { type: "put", key: metaKey("format"), value };
}

function unavailable(cause?: unknown): DomainError {
  return new DomainError({ reason: "STORE_UNAVAILABLE", retryAfterMs: RETRY_MS }, { cause });
}
