import type { DescField, DescMessage } from "@bufbuild/protobuf";

/** Messages up to this are not looked through: whatever they hold is read in a moment. */
const SMALL_BYTES = 64 * 1024;

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** What a field holds that becomes an object of its own: a message to look into, or something plain. */
type Part = DescMessage | "plain";

/** schema -> its fields that hold parts, by number. */
const partsOf = new WeakMap<DescMessage, ReadonlyMap<number, Part>>();

/**
 * True when a message holds more than `max` parts: messages within it and entries of lists and maps, at any depth.
 *
 * Why before it is read: an empty part takes two bytes, so 4 MiB can be two million objects, which take seconds in which nobody
 * else is served, and hundreds of megabytes. To count them takes a fiftieth of that. Bytes that are no message are not judged.
 */
export function hasMoreParts(schema: DescMessage, bytes: Uint8Array, max: number): boolean {
  if (bytes.length <= SMALL_BYTES) return false;
  return new Counter(bytes, max).count(schema, 0, bytes.length) > max;
}

class Counter {
  readonly #bytes: Uint8Array;
  readonly #max: number;
  #at = 0;
  #parts = 0;

  constructor(bytes: Uint8Array, max: number) {
    this.#bytes = bytes;
    this.#max = max;
  }

  count(schema: DescMessage, from: number, to: number): number {
    const parts = fieldsOf(schema);
    this.#at = from;
    while (this.#at < to && this.#parts <= this.#max) {
      const tag = this.#varint();
      if ((tag & 7) === LENGTH_DELIMITED) this.#take(parts.get(tag >>> 3), this.#varint(), to);
      else this.#skip(tag & 7);
    }
    return this.#parts;
  }

  #take(part: Part | undefined, length: number, to: number): void {
    const end = Math.min(to, this.#at + length);
    if (part) this.#parts++;
    if (part && part !== "plain") this.count(part, this.#at, end);
    this.#at = end;
  }

  #skip(wireType: number): void {
    if (wireType === VARINT) this.#varint();
    else if (wireType === FIXED_64) this.#at += 8;
    else if (wireType === FIXED_32) this.#at += 4;
  }

  /** Its lowest 32 bits: tags and lengths have no more. */
  #varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes[this.#at++] ?? 0;
      if (shift < 32) value |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    return value >>> 0;
  }
}

function fieldsOf(schema: DescMessage): ReadonlyMap<number, Part> {
  let fields = partsOf.get(schema);
  if (!fields) {
    fields = new Map(schema.fields.flatMap((field) => partOf(field)));
    partsOf.set(schema, fields);
  }
  return fields;
}

function partOf(field: DescField): [number, Part][] {
  if (field.message && field.fieldKind !== "map") return [[field.number, field.message]];
  return field.fieldKind === "map" || field.fieldKind === "list" ? [[field.number, "plain"]] : [];
}
