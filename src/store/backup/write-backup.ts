import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { BackupHeaderSchema, BackupTrailerSchema } from "../../../gen/portolan/store/v1/store_pb.js";
import { encodeEntity } from "../codec/entity-codec.js";
import { encodeSession } from "../codec/session-codec.js";
import { FORMAT_VERSION } from "../format-version.js";
import type { Snapshot } from "../store.js";

/** What the header of a backup calls itself. */
export const BACKUP_KIND = "portolan-backup";
/** A chunk is sent when it is this full. A record is far smaller, so that chunks stay below 1 MiB. */
const CHUNK_BYTES = 256 * 1024;
/** Larger records are cut. */
const MAX_CHUNK_BYTES = 1024 * 1024;

/** Options of a backup. */
export interface BackupOptions {
  readonly snapshot: Snapshot;
  readonly storeId: string;
  readonly takenAtMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * The state of a snapshot as the chunks of one file: see BackupHeader in store.proto for its layout.
 *
 * @throws the signal's reason when it aborts.
 */
export async function* writeBackup(options: BackupOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash("sha256");
  for (const chunk of chunksOf(messagesOf(options))) {
    options.signal?.throwIfAborted();
    hash.update(chunk);
    yield chunk;
    await setImmediate(); // encoding must not keep the event loop for as long as the reader is fast
  }
  const trailer = create(BackupTrailerSchema, { sha256: Uint8Array.from(hash.digest()) });
  yield new BinaryWriter().bytes(toBinary(BackupTrailerSchema, trailer)).finish();
}

function* messagesOf(options: BackupOptions): Generator<Uint8Array> {
  const { snapshot, storeId, takenAtMs } = options;
  const entities = [...snapshot.entities];
  const header = create(BackupHeaderSchema, {
    kind: BACKUP_KIND,
    formatVersion: FORMAT_VERSION,
    storeId,
    revision: snapshot.revision,
    committedAtMs: BigInt(snapshot.committedAtMs),
    takenAtMs: BigInt(takenAtMs),
    entities: BigInt(entities.length),
    sessions: BigInt(snapshot.sessions.length),
  });
  yield toBinary(BackupHeaderSchema, header);
  const writer = new BinaryWriter();
  for (const entity of entities) yield encodeEntity(writer, entity);
  for (const session of snapshot.sessions) yield encodeSession(session);
}

/** Messages, each after its length, in pieces of a bounded size. */
function* chunksOf(messages: Iterable<Uint8Array>): Generator<Uint8Array> {
  const writer = new BinaryWriter();
  let bytes = 0;
  for (const message of messages) {
    writer.bytes(message);
    bytes += message.length;
    if (bytes < CHUNK_BYTES) continue;
    yield* cut(writer.finish());
    bytes = 0;
  }
  if (bytes > 0) yield writer.finish();
}

function* cut(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += MAX_CHUNK_BYTES)
    yield bytes.subarray(start, start + MAX_CHUNK_BYTES);
}
