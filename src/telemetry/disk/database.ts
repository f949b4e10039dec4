import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Level } from "level";
import { MemoryLevel } from "memory-level";
import { checkFolder } from "../../store/index.js";

/** A record and its key. */
export type Entry = readonly [key: Uint8Array, value: Uint8Array];

/** One step of an atomic batch. */
export type Operation =
  | { readonly type: "put"; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: "del"; readonly key: Uint8Array };

/** A stretch of keys, from its lowest on unless `reverse`. */
export interface KeyRange {
  readonly gte: Uint8Array;
  readonly lt: Uint8Array;
  readonly reverse?: boolean;
}

/** A position in a stretch of keys. */
export interface EntryIterator {
  /** The next entries, `size` at most; none at the end. */
  nextv(size: number): Promise<Entry[]>;
  close(): Promise<void>;
}

/** What telemetry needs of a database: ordered keys and atomic batches. Both of `level`'s kinds offer it. */
export interface TelemetryDatabase {
  /** @throws RangeError or LevelDB's error, its `cause.code` LEVEL_CORRUPTION, when what is there is damaged. */
  open(): Promise<void>;
  close(): Promise<void>;
  /** Puts what is there out of the way, closed, so that the next `open` begins with nothing. Answers where it lies. */
  setAside(): Promise<string>;
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** The values in the order of the keys. */
  getMany(keys: Uint8Array[]): Promise<(Uint8Array | undefined)[]>;
  /** With `sync` it is on the disk when the promise resolves, and everything before it too. */
  batch(operations: Operation[], options: { sync: boolean }): Promise<void>;
  iterator(range: KeyRange): EntryIterator;
}

/** How many bytes a database reads ahead in one step. */
const READ_AHEAD_BYTES = 256 * 1024;

/** A database in `<dataDir>/telemetry`; it is opened by who uses it, and may be opened again after it was closed. */
export function levelDatabase(dataDir: string): TelemetryDatabase {
  const location = join(dataDir, "telemetry");
  let level: Level<Uint8Array, Uint8Array> | undefined;
  const opened = () => {
    if (!level) throw new Error("the telemetry database is not open");
    return level;
  };
  return {
    async open() {
      await checkFolder(location);
      level = new Level(location, { keyEncoding: "view", valueEncoding: "view" });
      await level.open();
    },
    async close() {
      await level?.close();
      level = undefined;
    },
    async setAside() {
      const aside = `${location}.damaged`;
      await rm(aside, { recursive: true, force: true });
      await rename(location, aside);
      return aside;
    },
    get: async (key) => opened().get(key),
    getMany: async (keys) => opened().getMany(keys),
    batch: async (operations, options) => {
      // A chained batch hands each operation over at once, which costs half of what an array of them does.
      const batch = opened().batch();
      for (const operation of operations) {
        if (operation.type === "put") batch.put(operation.key, operation.value);
        else batch.del(operation.key);
      }
      await batch.write(options);
    },
    iterator: (range) => opened().iterator({ ...range, highWaterMarkBytes: READ_AHEAD_BYTES }),
  };
}

/** A database that lives as long as the process. */
export function memoryDatabase(): TelemetryDatabase {
  const level = new MemoryLevel<Uint8Array, Uint8Array>({ keyEncoding: "view", valueEncoding: "view" });
  return {
    open: () => level.open(),
    close: () => level.close(),
    setAside: async () => "memory",
    get: (key) => level.get(key),
    getMany: (keys) => level.getMany(keys),
    batch: (operations) => level.batch(operations),
    iterator: (range) => level.iterator({ ...range }),
  };
}
