import { createHash } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
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
 * @throws StoreOpenError NEWER_FORMAT; RangeError or Error when the file is damaged, cut off or something else.
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
  const header = fromBinary(BackupHeaderSchema, await reader.next());
  if (header.kind !== BACKUP_KIND) throw new RangeError("it is no portolan backup");
  if (header.formatVersion > FORMAT_VERSION) {
    const message = `the backup has format ${header.formatVersion}, and this portolan reads formats up to ${FORMAT_VERSION}: use a newer portolan`;
    throw new StoreOpenError("NEWER_FORMAT", message);
  }
  return header;
}

async function readRecords(reader: MessageReader, header: BackupHeader, visitor: BackupVisitor): Promise<void> {
  const seen = new Set<string>();
  for (let left = header.entities; left > 0n; left--) {
    const entity = decodeEntity(await reader.next());
    const key = keyOf(entity);
    if (seen.has(key) || entity.value.modRevision > header.revision) throw new RangeError(`${key} cannot be`);
    seen.add(key);
    await visitor.entity(entity);
  }
  for (let left = header.sessions; left > 0n; left--) await visitor.session(decodeSession(await reader.next()));
}

async function readTrailer(reader: MessageReader, digest: Uint8Array): Promise<void> {
  const trailer = fromBinary(BackupTrailerSchema, await reader.next());
  if (Buffer.compare(trailer.sha256, digest) !== 0) throw new RangeError("its checksum is wrong");
  if (!(await reader.atEnd())) throw new RangeError("something follows its end");
}
