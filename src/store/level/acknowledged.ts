import { constants } from "node:fs";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import type { Logger } from "pino";
import { AcknowledgedSchema } from "../../../gen/portolan/store/v1/store_pb.js";
import { sealRecord, unsealRecord } from "../codec/checksum.js";
import { oneLine } from "../store-open-error.js";
import { syncDirectory } from "./sync-directory.js";

/** The file's name, in the folder of the database: LevelDB lets files alone whose names are not its own. */
export const ACKNOWLEDGED_FILE = "acknowledged";
/** It has two places, written in turns, each in a page of its own: what tears one leaves the other. */
const SLOT_BYTES = 4096;
const SLOTS = 2;
/** What its records are sealed with. */
const KEY = "acknowledged";

/** Up to where writes were acknowledged, at least. */
export interface Acknowledged {
  readonly batch: bigint;
  readonly revision: bigint;
}

/** What the file of a database says. "unreadable": it is there, and neither of its places can be read. */
export async function readAcknowledged(location: string): Promise<Acknowledged | "unreadable" | undefined> {
  const bytes = await readFile(join(location, ACKNOWLEDGED_FILE)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (!bytes) return undefined;
  let newest: Acknowledged | undefined;
  for (let slot = 0; slot < SLOTS; slot++) {
    const found = decode(bytes.subarray(slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES));
    if (found && (!newest || found.batch > newest.batch)) newest = found;
  }
  return newest ?? "unreadable";
}

/**
 * The file beside the database that says how far writes were acknowledged.
 *
 * Why: a log that lost its end looks like one that is shorter, so the database alone cannot tell. The file is written after
 * a batch is on the disk, without an fsync of its own. So after a power failure it may be older than what was
 * acknowledged, never newer: whoever finds less than it says has lost something.
 */
export class AcknowledgedFile implements AsyncDisposable {
  readonly #log: Logger;
  readonly #file: FileHandle | undefined;
  #next: Acknowledged | undefined;
  #slot = 0;
  #writing: Promise<void> | undefined;
  #failed = false;

  private constructor(log: Logger, file: FileHandle | undefined) {
    this.#log = log;
    this.#file = file;
  }

  /** Makes the file anew, on the disk, with what is known to be there. Never fails: without the file everything else goes on. */
  static async open(location: string, acknowledged: Acknowledged, log: Logger): Promise<AcknowledgedFile> {
    try {
      return new AcknowledgedFile(log, await writeAcknowledged(location, acknowledged));
    } catch (error) {
      log.warn({ error: oneLine(error) }, "the mark of acknowledged writes cannot be written");
      return new AcknowledgedFile(log, undefined);
    }
  }

  /** Notes what is on the disk now. Returns at once: one write is under way at most, and then comes the newest. */
  advance(acknowledged: Acknowledged): void {
    this.#next = acknowledged;
    this.#writing ??= this.#write();
  }

  /** Waits for what is being written. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
    await this.#file?.close();
  }

  /** Never rejects: an older mark is a true one. */
  async #write(): Promise<void> {
    for (let next = this.#next; next; next = this.#next) {
      this.#next = undefined;
      const slot = this.#slot++ % SLOTS;
      try {
        await this.#file?.write(encode(next), 0, undefined, slot * SLOT_BYTES);
        this.#failed = false;
      } catch (error) {
        if (!this.#failed)
          this.#log.warn({ error: oneLine(error) }, "the mark of acknowledged writes cannot be written");
        this.#failed = true;
      }
    }
    this.#writing = undefined;
  }
}

/** Writes both places through to the disk, over what is there, so that no moment is without the file. The caller closes it. */
export async function writeAcknowledged(location: string, acknowledged: Acknowledged): Promise<FileHandle> {
  const file = await open(join(location, ACKNOWLEDGED_FILE), constants.O_RDWR | constants.O_CREAT);
  try {
    for (let slot = 0; slot < SLOTS; slot++) {
      await file.write(encode(acknowledged), 0, undefined, slot * SLOT_BYTES);
      await file.sync(); // one after the other: a power failure tears one of them at most
    }
    await syncDirectory(location);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

function encode({ batch, revision }: Acknowledged): Uint8Array {
  const message = toBinary(AcknowledgedSchema, create(AcknowledgedSchema, { batch, revision }));
  return new BinaryWriter().bytes(sealRecord(KEY, message)).finish();
}

/** What a place says; undefined when it is empty, torn or damaged. */
function decode(slot: Uint8Array): Acknowledged | undefined {
  try {
    const { batch, revision } = fromBinary(AcknowledgedSchema, unsealRecord(KEY, new BinaryReader(slot).bytes()));
    return { batch, revision };
  } catch {
    return undefined;
  }
}
