import type { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";

/** Tags are a field's number and wire type: varints, and everything with a length. */
const VARINT = 0;
const WITH_LENGTH = 2;

/** A value under construction. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Writes a string field; an empty one takes no bytes. */
export function writeString(to: BinaryWriter, field: number, value: string): void {
  if (value !== "") to.tag(field, WITH_LENGTH).string(value);
}

/** Writes a varint field also when it is 0: for fields with presence. */
export function writePresent(to: BinaryWriter, field: number, value: number): void {
  to.tag(field, VARINT).uint32(value);
}

/** Writes an unsigned field; 0 takes no bytes. */
export function writeUint(to: BinaryWriter, field: number, value: number): void {
  if (value !== 0) to.tag(field, VARINT).uint32(value);
}

/** Writes a 64-bit field; 0 takes no bytes. */
export function writeInt64(to: BinaryWriter, field: number, value: number | bigint): void {
  if (BigInt(value) !== 0n) to.tag(field, VARINT).int64(value);
}

/** Writes a field that holds a message. */
export function writeMessage(to: BinaryWriter, field: number, write: () => void): void {
  to.tag(field, WITH_LENGTH).fork();
  write();
  to.join();
}

/** Writes a field that holds a message which is encoded already. */
export function writeEncoded(to: BinaryWriter, field: number, encoded: Uint8Array): void {
  to.tag(field, WITH_LENGTH).bytes(encoded);
}

/** Writes a map of strings. */
export function writeStringMap(to: BinaryWriter, field: number, map: Readonly<Record<string, string>>): void {
  for (const key of Object.keys(map)) {
    to.tag(field, WITH_LENGTH).fork();
    writeString(to, 1, key);
    writeString(to, 2, map[key] ?? "");
    to.join();
  }
}

/**
 * Reads the fields of a message that ends at `end`. `read` takes a field or answers false, and then it is passed over.
 *
 * @throws RangeError or Error when the bytes are no such message.
 */
export function readFields(from: BinaryReader, end: number, read: (field: number) => boolean): void {
  while (from.pos < end) {
    const [field, type] = from.tag();
    if (!read(field)) from.skip(type, field);
  }
  if (from.pos !== end) throw new RangeError("a field runs over the end of its message");
}

/** Reads the length of a message and answers where it ends. */
export function readEnd(from: BinaryReader): number {
  const length = from.uint32();
  const end = from.pos + length;
  if (end > from.len) throw new RangeError("a message runs over the end of its bytes");
  return end;
}

/** Reads an int64 that a number holds exactly. */
export function readNumber(from: BinaryReader): number {
  return Number(from.int64());
}

/** Reads one entry of a map of strings into `map`. */
export function readStringEntry(from: BinaryReader, map: Record<string, string>): void {
  let key = "";
  let value = "";
  readFields(from, readEnd(from), (field) => {
    if (field === 1) key = from.string();
    else if (field === 2) value = from.string();
    else return false;
    return true;
  });
  // Defined and not assigned: "__proto__" is a key like any other.
  if (key === "__proto__")
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  else map[key] = value;
}
