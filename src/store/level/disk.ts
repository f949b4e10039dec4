import { sealRecord } from "../codec/checksum.js";

/** One write of a batch: `value` undefined deletes. */
export interface Write {
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

/** A write of a record: a message, and its checksum. */
export function putting(key: string, message: Uint8Array): Write & { readonly value: Uint8Array } {
  return { key, value: sealRecord(key, message) };
}

/** A write that takes a record away. */
export function deleting(key: string): Write {
  return { key, value: undefined };
}

/** Keys from `gte` on, below `lt`, in the order of their bytes. */
export interface KeyRange {
  readonly gte: string;
  readonly lt: string;
}

/** A key and its value. */
export type Entry = readonly [key: string, value: Uint8Array];

/**
 * An ordered map on disk, as much of it as the store needs.
 *
 * Why a port of its own: tests put a disk behind the store that fails when they say so.
 */
export interface Disk extends AsyncDisposable {
  /**
   * Writes all or nothing; with `sync` it survives power loss when the promise resolves. After a write failed the disk must
   * be reopened before the next one.
   */
  write(writes: readonly Write[], options: { readonly sync: boolean }): Promise<void>;
  get(key: string): Promise<Uint8Array | undefined>;
  /** The first entries of a range, at most `limit` and about 1 MiB, at least one unless there are none. */
  entries(range: KeyRange, limit: number): Promise<readonly Entry[]>;
  /** The first keys of a range, likewise. */
  keys(range: KeyRange, limit: number): Promise<readonly string[]>;
  /** The last entry of a range. */
  last(range: KeyRange): Promise<Entry | undefined>;
  /** Makes it usable after a failed write. Reads go on up to the moment at which it is likely to succeed. */
  reopen(): Promise<void>;
}

/** How many records one read of a whole range brings. */
const PIECE = 5_000;

/** Everything in a range, a piece at a time. */
export async function* piecesOf(disk: Disk, range: KeyRange): AsyncGenerator<readonly Entry[], void, undefined> {
  let from = range.gte;
  for (;;) {
    const entries = await disk.entries({ gte: from, lt: range.lt }, PIECE);
    const last = entries.at(-1);
    if (!last) return;
    yield entries;
    from = `${last[0]}\0`;
  }
}
