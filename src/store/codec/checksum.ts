import { crc32 } from "node:zlib";

/** How many bytes a record's checksum takes, at its end. */
const CHECKSUM_BYTES = 4;

/** A record does not hold what was written at its key. */
export class DamagedRecordError extends Error {
  override readonly name = "DamagedRecordError";
  constructor(key: string, options?: ErrorOptions) {
    super(`the record ${key} is damaged`, options);
  }
}

/**
 * A message as it lies on disk at `key`: a checksum of both follows it.
 *
 * Why our own: LevelDB checks its blocks neither when they are read nor when they are compacted, and a record that is read
 * at another's key would look whole.
 */
export function sealRecord(key: string, message: Uint8Array): Uint8Array {
  const record = Buffer.allocUnsafe(message.length + CHECKSUM_BYTES);
  record.set(message);
  record.writeUInt32LE(crc32(message, crc32(key)), message.length);
  return record;
}

/** The message of a record. @throws DamagedRecordError when it is not what was written at `key`. */
export function unsealRecord(key: string, record: Uint8Array): Uint8Array {
  const message = record.subarray(0, Math.max(0, record.length - CHECKSUM_BYTES));
  if (record.length < CHECKSUM_BYTES || crc32(message, crc32(key)) !== checksumOf(record))
    throw new DamagedRecordError(key);
  return message;
}

/** The checksum of a sealed record. */
export function checksumOf(record: Uint8Array): number {
  const { buffer, byteOffset, length } = record;
  return new DataView(buffer, byteOffset, length).getUint32(length - CHECKSUM_BYTES, true);
}
