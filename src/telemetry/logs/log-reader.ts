import type { Entry } from "../disk/database.js";
import type { Disk } from "../disk/disk.js";
import type { Flusher } from "../disk/flusher.js";
import { type LogKey, numberedKey, parseLogKey, serviceHash, tableEnd } from "../disk/keys.js";
import { type LogQuery, logPredicate } from "./log-query.js";
import type { LogRecord } from "./log-record.js";
import { decodeLog } from "./record.js";

/** Where a page ended: the next one begins with what is older. */
export interface LogCursor {
  readonly timeNs: bigint;
  readonly sequence: number;
}

/** One page of records, newest first. */
export interface LogPageQuery {
  readonly query: LogQuery;
  /** Nanoseconds since the epoch; absent means as far back as records are kept. */
  readonly startNs?: bigint;
  /** Not included; absent means without an end. */
  readonly endNs?: bigint;
  /** 1 or more. */
  readonly pageSize: number;
  /** From the page before. */
  readonly after?: LogCursor;
  /** Only records that came before this number. Absent means all. */
  readonly beforeSequence?: number;
  readonly signal?: AbortSignal;
}

/** A page; with `next` there may be more. */
export interface LogPage {
  readonly records: readonly LogRecord[];
  /** Absent on the last page. A page may hold less than asked for, even nothing, and have a next one. */
  readonly next?: LogCursor;
}

/** Options of the reader of logs. */
export interface LogReaderOptions {
  readonly disk: Disk;
  readonly flusher: Flusher;
  /** Records that one page looks at. */
  readonly maxScanned: number;
}

/** A page's records together, at most, as they lie on the disk: well under what one message may hold. */
const MAX_PAGE_BYTES = 2 * 1024 * 1024;

const MAX_NS = 2n ** 64n - 1n;

/** Reads logs back. */
export class LogReader {
  readonly #options: LogReaderOptions;

  constructor(options: LogReaderOptions) {
    this.#options = options;
  }

  /** One page, everything written before included. @throws DomainError STORE_UNAVAILABLE. */
  async page(options: LogPageQuery): Promise<LogPage> {
    await this.#options.flusher.flush();
    const page = new PageBuilder(options);
    let left = this.#options.maxScanned;
    for await (const chunk of this.#options.disk.scan({ ...bounds(options), reverse: true })) {
      options.signal?.throwIfAborted();
      for (const entry of chunk) {
        const cursor = page.add(entry);
        if (page.full || --left <= 0) return { records: page.records, next: cursor };
      }
    }
    return { records: page.records };
  }
}

/** Collects the records of a page. */
class PageBuilder {
  readonly records: LogRecord[] = [];
  readonly #options: LogPageQuery;
  readonly #matches: (record: LogRecord) => boolean;
  readonly #service: number | undefined;
  #bytes = 0;

  constructor(options: LogPageQuery) {
    this.#options = options;
    const { namespace, service } = options.query;
    this.#matches = logPredicate(options.query);
    this.#service = namespace && service ? serviceHash(namespace, service) : undefined;
  }

  get full(): boolean {
    return this.records.length >= this.#options.pageSize || this.#bytes >= MAX_PAGE_BYTES;
  }

  /** Takes the record if it is wanted; answers its place in any case. */
  add([key, value]: Entry): LogCursor {
    const parts = parseLogKey(key);
    if (this.#mayMatch(parts)) {
      const record = decodeLog(value);
      if (this.#matches(record)) {
        this.records.push(record);
        this.#bytes += value.length;
      }
    }
    return { timeNs: parts.timeNs, sequence: parts.sequence };
  }

  /** What the key tells saves decoding most of the records that are not wanted. */
  #mayMatch(parts: LogKey): boolean {
    return (
      parts.severity >= this.#options.query.minSeverity &&
      (this.#service === undefined || parts.service === this.#service) &&
      (this.#options.beforeSequence === undefined || parts.sequence < this.#options.beforeSequence)
    );
  }
}

function bounds({ startNs, endNs, after }: LogPageQuery): { gte: Uint8Array; lt: Uint8Array } {
  const end = endNs === undefined ? tableEnd("L") : numberedKey("L", clamp(endNs));
  return {
    gte: numberedKey("L", clamp(startNs ?? 0n)),
    lt: after ? numberedKey("L", after.timeNs, after.sequence) : end,
  };
}

/** Keys hold 1970 to 2554; a query may ask for more. */
function clamp(ns: bigint): bigint {
  if (ns < 0n) return 0n;
  return ns > MAX_NS ? MAX_NS : ns;
}
