import { open, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Level } from "level";
import { unavailable } from "../faults.js";
import type { Disk, Entry, KeyRange, Write } from "./disk.js";

/** How many bytes one read brings, about. */
const READ_BYTES = 1024 * 1024;
/** LevelDB keeps this much in memory before it writes a table. */
const WRITE_BUFFER_BYTES = 8 * 1024 * 1024;
/** Room that a reopening needs beside what lies in LevelDB's own log. */
const SPARE_BYTES = 1024 * 1024;

type Database = Level<string, Uint8Array>;

/**
 * A LevelDB directory.
 *
 * LevelDB goes on after a failed append to its log, but what it appends then can be lost at the next start: the torn record
 * has shifted the blocks by which the log is read. So after any failure the directory must be reopened, which starts a new
 * log; and because that takes room on the disk, `reopen` first makes sure of the room and keeps reads alive until then.
 */
export class LevelDisk implements Disk {
  readonly #location: string;
  #database: Database | undefined;
  #reopening: Promise<void> = Promise.resolve();

  private constructor(location: string, database: Database) {
    this.#location = location;
    this.#database = database;
  }

  /** Opens or creates it. @throws LevelDB's error, its `cause.code` LEVEL_LOCKED when another process has it. */
  static async open(location: string): Promise<LevelDisk> {
    await rm(probeOf(location), { force: true });
    return new LevelDisk(location, await openDatabase(location));
  }

  async write(writes: readonly Write[], options: { readonly sync: boolean }): Promise<void> {
    const database = await this.#use();
    // A chained batch costs a quarter of what an array of operations does.
    const batch = database.batch();
    for (const { key, value } of writes) {
      if (value) batch.put(key, value);
      else batch.del(key);
    }
    await batch.write(options);
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const database = await this.#use();
    return database.get(key);
  }

  async entries(range: KeyRange, limit: number): Promise<readonly Entry[]> {
    const database = await this.#use();
    const iterator = database.iterator({ ...range, limit, highWaterMarkBytes: READ_BYTES });
    try {
      return await iterator.nextv(limit);
    } finally {
      await iterator.close();
    }
  }

  async keys(range: KeyRange, limit: number): Promise<readonly string[]> {
    const database = await this.#use();
    const iterator = database.keys({ ...range, limit, highWaterMarkBytes: READ_BYTES });
    try {
      return await iterator.nextv(limit);
    } finally {
      await iterator.close();
    }
  }

  async last(range: KeyRange): Promise<Entry | undefined> {
    const database = await this.#use();
    const iterator = database.iterator({ ...range, limit: 1, reverse: true });
    try {
      return await iterator.next();
    } finally {
      await iterator.close();
    }
  }

  async reopen(): Promise<void> {
    if (this.#database) await this.#findRoom();
    const exchange = this.#exchange();
    this.#reopening = exchange.catch(() => {});
    await exchange;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reopening;
    const database = this.#database;
    this.#database = undefined;
    await database?.close();
  }

  /** @throws DomainError STORE_UNAVAILABLE when it could not be reopened, and once it is closed. */
  async #use(): Promise<Database> {
    await this.#reopening;
    if (!this.#database) throw unavailable();
    return this.#database;
  }

  async #exchange(): Promise<void> {
    const former = this.#database;
    this.#database = undefined;
    await former?.close();
    this.#database = await openDatabase(this.#location);
  }

  /** Opening rewrites LevelDB's log as a table: fails when there is no room for that. */
  async #findRoom(): Promise<void> {
    const probe = probeOf(this.#location);
    try {
      await fill(probe, (await this.#logBytes()) + SPARE_BYTES);
    } finally {
      await rm(probe, { force: true });
    }
  }

  async #logBytes(): Promise<number> {
    const names = await readdir(this.#location);
    const logs = names.filter((name) => name.endsWith(".log"));
    const sizes = await Promise.all(logs.map(async (name) => (await stat(join(this.#location, name))).size));
    return sizes.reduce((sum, size) => sum + size, 0);
  }
}

/** The file that finds out whether there is room; a killed process can leave it behind. */
function probeOf(location: string): string {
  return join(dirname(location), "space-probe");
}

async function openDatabase(location: string): Promise<Database> {
  const database: Database = new Level(location, {
    keyEncoding: "utf8",
    valueEncoding: "view",
    writeBufferSize: WRITE_BUFFER_BYTES,
  });
  await database.open();
  return database;
}

/** Writes a file of `bytes` bytes through to the disk. */
async function fill(path: string, bytes: number): Promise<void> {
  await using file = await open(path, "w");
  const piece = new Uint8Array(256 * 1024);
  for (let written = 0; written < bytes; written += piece.length) await file.write(piece);
  await file.sync();
}
