import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Discovered, Resolution, ServiceUpdate, WatchBatch } from "../../discovery/index.js";
import { encodeDiscovered, writeTimestamp } from "./encode-instance.js";

/**
 * instance as a viewer sees it -> its bytes.
 *
 * An instance is sent many times between two changes of it: in every Resolve, in every full set. Putting its bytes into an
 * answer is many times cheaper than encoding it. The field numbers below are held to the .proto by a test.
 */
const encodings = new WeakMap<Discovered, Uint8Array>();

const { LengthDelimited, Varint } = WireType;

/** The bytes of a ResolveResponse. */
export function encodeResolution({ revision, exists, instances, panic }: Resolution): Uint8Array {
  const writer = new BinaryWriter();
  const scratch = new BinaryWriter();
  if (revision !== 0n) writer.tag(1, Varint).int64(revision);
  if (exists) writer.tag(2, Varint).bool(true);
  for (const discovered of instances) writer.tag(3, LengthDelimited).bytes(encoded(scratch, discovered));
  if (panic) writer.tag(4, Varint).bool(true);
  return writer.finish();
}

/** The bytes of a WatchResponse. */
export function encodeWatchBatch(batch: WatchBatch): Uint8Array {
  const writer = new BinaryWriter();
  const scratch = new BinaryWriter();
  if (batch.revision !== 0n) writer.tag(1, Varint).int64(batch.revision);
  for (const update of batch.updates) writeUpdate(writer.tag(2, LengthDelimited).fork(), scratch, update).join();
  if (batch.synced) writer.tag(3, Varint).bool(true);
  if (batch.committedAtMs > 0) {
    writeTimestamp(writer.tag(4, LengthDelimited).fork(), batch.committedAtMs);
    writer.join();
  }
  if (batch.merged > 0) writer.tag(5, Varint).uint64(batch.merged);
  if (batch.reset) writer.tag(6, Varint).bool(true);
  return writer.finish();
}

function writeUpdate(writer: BinaryWriter, scratch: BinaryWriter, update: ServiceUpdate): BinaryWriter {
  writer.tag(1, LengthDelimited).string(update.namespace).tag(2, LengthDelimited).string(update.service);
  if (update.exists) writer.tag(3, Varint).bool(true);
  if (update.reset) writer.tag(4, Varint).bool(true);
  for (const discovered of update.put) writer.tag(5, LengthDelimited).bytes(encoded(scratch, discovered));
  for (const id of update.removed) writer.tag(6, LengthDelimited).string(id);
  if (update.panic) writer.tag(7, Varint).bool(true);
  if (update.target > 0) writer.tag(8, Varint).uint32(update.target);
  return writer;
}

function encoded(scratch: BinaryWriter, discovered: Discovered): Uint8Array {
  const known = encodings.get(discovered);
  if (known) return known;
  const bytes = encodeDiscovered(scratch, discovered);
  encodings.set(discovered, bytes);
  return bytes;
}
