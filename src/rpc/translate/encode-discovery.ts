import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Discovered, Resolution, ServiceUpdate, WatchBatch } from "../../discovery/index.js";
import { writeDiscovered, writeTimestamp } from "./encode-instance.js";

/** Numbers of the fields that hold instances: ResolveResponse.instances and ServiceUpdate.put. */
const RESOLVED = 3;
const PUT = 5;

/**
 * What a view selects of a service -> its bytes as that field. Discovery hands out the same array until the service changes.
 *
 * So many who ask for the same are answered from one encoding. Why the whole and not each instance: a hundred thousand small
 * buffers would cost the garbage collector more than they spare.
 */
const resolved = new WeakMap<readonly Discovered[], Uint8Array>();
const puts = new WeakMap<readonly Discovered[], Uint8Array>();

const { LengthDelimited, Varint } = WireType;

/** Writes a ResolveResponse. A test holds these field numbers, and those below, to the .proto. */
export function writeResolution(writer: BinaryWriter, { revision, exists, instances, panic }: Resolution): void {
  if (revision !== 0n) writer.tag(1, Varint).int64(revision);
  if (exists) writer.tag(2, Varint).bool(true);
  writer.raw(kept(resolved, instances, RESOLVED));
  if (panic) writer.tag(4, Varint).bool(true);
}

/** Writes a WatchResponse. */
export function writeWatchBatch(writer: BinaryWriter, batch: WatchBatch): void {
  if (batch.revision !== 0n) writer.tag(1, Varint).int64(batch.revision);
  for (const update of batch.updates) writeUpdate(writer.tag(2, LengthDelimited).fork(), update).join();
  if (batch.synced) writer.tag(3, Varint).bool(true);
  if (batch.committedAtMs > 0) {
    writeTimestamp(writer.tag(4, LengthDelimited).fork(), batch.committedAtMs);
    writer.join();
  }
  if (batch.merged > 0) writer.tag(5, Varint).uint64(batch.merged);
  if (batch.reset) writer.tag(6, Varint).bool(true);
}

function writeUpdate(writer: BinaryWriter, update: ServiceUpdate): BinaryWriter {
  writer.tag(1, LengthDelimited).string(update.namespace).tag(2, LengthDelimited).string(update.service);
  if (update.exists) writer.tag(3, Varint).bool(true);
  if (update.reset) writer.tag(4, Varint).bool(true);
  writer.raw(kept(puts, update.put, PUT));
  for (const id of update.removed) writer.tag(6, LengthDelimited).string(id);
  if (update.panic) writer.tag(7, Varint).bool(true);
  if (update.target > 0) writer.tag(8, Varint).uint32(update.target);
  return writer;
}

function kept(
  encodings: WeakMap<readonly Discovered[], Uint8Array>,
  instances: readonly Discovered[],
  field: number,
): Uint8Array {
  const known = encodings.get(instances);
  if (known) return known;
  const bytes = encodeAll(instances, field);
  encodings.set(instances, bytes);
  return bytes;
}

function encodeAll(instances: readonly Discovered[], field: number): Uint8Array {
  const writer = new BinaryWriter();
  for (const discovered of instances) {
    writeDiscovered(writer.tag(field, LengthDelimited).fork(), discovered);
    writer.join();
  }
  return writer.finish();
}
