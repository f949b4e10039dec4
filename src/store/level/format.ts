import { randomBytes, randomUUID } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { CompactionSchema, FormatSchema } from "../../../gen/portolan/store/v1/store_pb.js";
import { unsealRecord } from "../codec/checksum.js";
import { FORMAT_VERSION } from "../format-version.js";
import type { CompactionMark } from "../journal.js";
import type { Identity } from "../journaled-store.js";
import { StoreOpenError } from "../store-open-error.js";
import { type Disk, putting } from "./disk.js";
import { COMPACTION_KEY, FORMAT_KEY } from "./keys.js";

/** Rewrites a store of one format as the next. It must stand a repetition: a crash may come before the version is raised. */
export type Migration = (disk: Disk) => Promise<void>;

/** format version -> what makes the next version of it. */
export type Migrations = ReadonlyMap<number, Migration>;

/** What a store says of itself. */
export interface Format extends Identity {
  readonly version: number;
}

/** Makes the format of a new store. */
export function newFormat(identity: Partial<Identity> = {}): Format {
  return { version: FORMAT_VERSION, storeId: randomUUID(), secret: Uint8Array.from(randomBytes(32)), ...identity };
}

/** The message of the Format record. */
export function encodeFormat(format: Format): Uint8Array {
  const { version, storeId } = format;
  return toBinary(FormatSchema, create(FormatSchema, { version, storeId, secret: Uint8Array.from(format.secret) }));
}

/** What a Format record says. @throws Error when it is none. */
export function decodeFormat(bytes: Uint8Array): Format {
  const { version, storeId, secret } = fromBinary(FormatSchema, unsealRecord(FORMAT_KEY, bytes));
  if (version === 0 || storeId === "" || secret.length !== 32) throw new RangeError("an incomplete format record");
  return { version, storeId, secret: Uint8Array.from(secret) };
}

/** The message of the Compaction record. */
export function encodeMark(mark: CompactionMark): Uint8Array {
  const { revision, committedAtMs } = mark;
  return toBinary(CompactionSchema, create(CompactionSchema, { revision, committedAtMs: BigInt(committedAtMs) }));
}

/** What a Compaction record says; nothing was forgotten where there is none. @throws Error when it is no such record. */
export function decodeMark(bytes: Uint8Array | undefined): CompactionMark {
  if (!bytes) return { revision: 0n, committedAtMs: 0 };
  const { revision, committedAtMs } = fromBinary(CompactionSchema, unsealRecord(COMPACTION_KEY, bytes));
  return { revision, committedAtMs: Number(committedAtMs) };
}

/**
 * Brings a store to the `target` format, one version at a time.
 *
 * @throws StoreOpenError NEWER_FORMAT when a newer program wrote it.
 */
export async function migrate(disk: Disk, format: Format, target: number, migrations: Migrations): Promise<Format> {
  if (format.version > target) {
    const message = `the store has format ${format.version}, and this portolan reads formats up to ${target}: use a newer portolan`;
    throw new StoreOpenError("NEWER_FORMAT", message);
  }
  let current = format;
  while (current.version < target) {
    await migrations.get(current.version)?.(disk);
    current = { ...current, version: current.version + 1 };
    await disk.write([putting(FORMAT_KEY, encodeFormat(current))], { sync: true });
  }
  return current;
}
