/** Reads an unsigned varint. @throws RangeError when the bytes end before it does, or it is too large. */
export function readVarint(bytes: Uint8Array, from: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = from, factor = 1; at < bytes.length && factor <= 2 ** 49; at++, factor *= 128) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw new RangeError("a number has no end");
}

/**
 * What snappy compressed. Of it only the index of a table is read this way, so clarity outranks speed.
 *
 * @throws RangeError when the bytes are not snappy's.
 * @see https://github.com/google/snappy/blob/main/format_description.txt
 */
export function unsnappy(bytes: Uint8Array): Uint8Array {
  const { value: length, end } = readVarint(bytes, 0);
  if (length > bytes.length * 64) throw new RangeError("it cannot be that much"); // a copy of 64 takes two bytes at least
  const out = new Uint8Array(length);
  let written = 0;
  for (let at = end; at < bytes.length; ) {
    const element = elementAt(bytes, at);
    const { offset, from, length: size } = element;
    if (size > length - written || offset > written) throw new RangeError("an element runs over an edge");
    if (offset === 0) out.set(bytes.subarray(from, from + size), written);
    else for (let copied = 0; copied < size; copied++) out[written + copied] = out[written + copied - offset] ?? 0;
    written += size;
    at = element.end;
  }
  if (written !== length) throw new RangeError("it ends too early");
  return out;
}

interface Element {
  /** How far back a copy reaches; 0 for a literal. */
  readonly offset: number;
  readonly length: number;
  /** Where a literal's bytes begin. */
  readonly from: number;
  /** Where the next element begins. */
  readonly end: number;
}

function elementAt(bytes: Uint8Array, at: number): Element {
  const tag = bytes[at] ?? 0;
  const kind = tag & 3;
  if (kind === 0) return literalAt(bytes, at, tag >> 2);
  const from = at + 1;
  if (kind === 1) return copy(from + 1, 4 + ((tag >> 2) & 7), ((tag >> 5) << 8) | (bytes[from] ?? 0));
  const width = kind === 2 ? 2 : 4;
  return copy(from + width, (tag >> 2) + 1, littleEndian(bytes, from, width));
}

function literalAt(bytes: Uint8Array, at: number, code: number): Element {
  const width = code < 60 ? 0 : code - 59;
  const length = (width === 0 ? code : littleEndian(bytes, at + 1, width)) + 1;
  const from = at + 1 + width;
  if (from + length > bytes.length) throw new RangeError("a literal runs over the end");
  return { offset: 0, length, from, end: from + length };
}

function copy(end: number, length: number, offset: number): Element {
  if (offset === 0) throw new RangeError("a copy of nothing");
  return { offset, length, from: end, end };
}

function littleEndian(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let index = width - 1; index >= 0; index--) value = value * 256 + (bytes[at + index] ?? 0);
  return value;
}
