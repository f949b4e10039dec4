import { createHash } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type BackupHeader, BackupHeaderSchema, BackupTrailerSchema } from "../../../gen/portolan/store/v1/store_pb.js";
import { type Entity, keyOf, type SessionRecord } from "../../model/index.js";
import { decodeEntity } from "../codec/entity-codec.js";
import { decodeSession } from "../codec/session-codec.js";
import { FORMAT_VERSION } from "../format-version.js";
import { StoreOpenError } from "../store-open-error.js";
import { MessageReader } from "./message-reader.js";
import { BACKUP_KIND } from "./write-backup.js";

/** Receives what a backup holds, in its order. */
export interface BackupVisitor {
  header(header: BackupHeader): Promise<void>;
  entity(entity: Entity): Promise<void>;
  session(session: SessionRecord): Promise<void>;
}

/**
 * Reads a backup and shows its records to `visitor` as they come: they may be believed only when this resolves.
 *
 * @throws StoreOpenError NEWER_FORMAT, or DAMAGED_BACKUP when the file is something else; RangeError when it is damaged or
 *   cut off; and what `input` and `visitor` throw.
 */
export async function readBackup(input: AsyncIterable<Uint8Array>, visitor: BackupVisitor): Promise<void> {
  const hash = createHash("sha256");
  const reader = new MessageReader(input, (bytes) => hash.update(bytes));
  try {
    const header = await readHeader(reader);
    await visitor.header(header);
    await readRecords(reader, header, visitor);
    await readTrailer(reader, hash.copy().digest()); // before it is read: it is no part of what it sums up
  } finally {
    await reader.close();
  }
}

async function readHeader(reader: MessageReader): Promise<BackupHeader> {
  const header = await headerOf(reader);
  if (header?.kind !== BACKUP_KIND) {
    const message = "this is no portolan backup, or its beginning is damaged: name a file that `portolan backup` wrote";
    throw new StoreOpenError("DAMAGED_BACKUP", message);
  }
  if (header.formatVersion > FORMAT_VERSION) {
    const message = `the backup has format ${header.formatVersion}, and this portolan reads formats up to ${FORMAT_VERSION}: use a newer portolan`;
    throw new StoreOpenError("NEWER_FORMAT", message);
  }
  return header;
}

/** The first message; undefined when it is no header. */
async function headerOf(reader: MessageReader): Promise<BackupHeader | undefined> {
  const bytes = await reader.next().catch((error: unknown) => {
    if (error instanceof RangeError) return undefined;
    throw error;
  });
  try {
    return bytes && fromBinary(BackupHeaderSchema, bytes);
  } catch {
    return undefined;
  }
}

/** What a record's bytes say; the decoder's own words would tell an operator nothing. */
function decoded<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array): T {
  try {
    return decode(bytes);
  } catch (cause) {
    throw new RangeError("one of its records cannot be read", { cause });
  }
}

async function readRecords(reader: MessageReader, header: BackupHeader, visitor: BackupVisitor): Promise<void> {
  const seen = new Set<string>();
  for (let left = header.entities; left > 0n; left--) {
    const entity = decoded(decodeEntity, await reader.next());
    const key = keyOf(entity);
    if (seen.has(key) || entity.value.modRevision > header.revision) throw new RangeError(`${key} cannot be`);
    seen.add(key);
    await visitor.entity(entity);
  }
  for (let left = header.sessions; left > 0n; left--) {
    await visitor.session(decoded(decodeSession, await reader.next()));
  }
}

/** Compared byte by byte and not decoded: a decoder forgives what the checksum, which is in it, does not cover. */
async function readTrailer(reader: MessageReader, digest: Uint8Array): Promise<void> {
  const expected = toBinary(BackupTrailerSchema, create(BackupTrailerSchema, { sha256: digest }));
  if (Buffer.compare(await reader.next(), expected) !== 0) throw new RangeError("its checksum is wrong");
  if (!(await reader.atEnd())) throw new RangeError("something follows its end");
}
