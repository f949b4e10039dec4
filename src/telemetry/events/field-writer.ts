/** How many bytes a writer begins with. */
const INITIAL_BYTES = 64 * 1024;
/** The most bytes of a tag and a varint together, for field numbers up to 15. */
const MAX_VARINT_FIELD = 11;
/** UTF-8 takes at most so many bytes for a UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3;

/** The wire type of what has a length; that of a varint is 0. */
const WITH_LENGTH = 2;

/** A field that holds a message. */
export interface MessageField {
  readonly field: number;
  /** How many bytes its length mostly takes: where it takes another number, the message is moved. */
  readonly lengthBytes: number;
}

/**
 * Writes protobuf fields, with numbers up to 15, one behind the other into one buffer that is used again and again.
 *
 * Why not the library's writer: it makes an array of bytes of every string, and events are strings.
 */
export class FieldWriter {
  #bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #end = 0;

  /** Bytes written since the last `finish`. */
  get length(): number {
    return this.#end;
  }

  /** A string field; an empty one takes no bytes. */
  string(field: number, text: string): void {
    if (text === "") return;
    this.#reserve(MAX_VARINT_FIELD + text.length * MAX_BYTES_PER_UNIT);
    this.#bytes[this.#end++] = (field << 3) | WITH_LENGTH;
    if (text.length < 0x80 && this.#ascii(text)) return;
    this.#varint(Buffer.byteLength(text));
    this.#end += this.#bytes.write(text, this.#end);
  }

  /** A field that is a whole number, 0 to 2^63 - 1; 0 takes no bytes. */
  whole(field: number, value: number | bigint): void {
    const small = Number(value);
    if (small === 0) return;
    this.#reserve(MAX_VARINT_FIELD);
    this.#bytes[this.#end++] = field << 3;
    if (small <= Number.MAX_SAFE_INTEGER) this.#varint(small);
    else this.#longVarint(BigInt(value));
  }

  /** Begins a message; answers where, which `close` wants to know. */
  open({ field, lengthBytes }: MessageField): number {
    this.#reserve(MAX_VARINT_FIELD);
    this.#bytes[this.#end] = (field << 3) | WITH_LENGTH;
    this.#end += 1 + lengthBytes;
    return this.#end;
  }

  /** Ends the message that began at `start`. */
  close(start: number, { lengthBytes }: MessageField): void {
    const length = this.#end - start;
    const moved = varintBytes(length) - lengthBytes;
    if (moved !== 0) {
      this.#reserve(moved);
      this.#bytes.copyWithin(start + moved, start, this.#end);
    }
    this.#end = start - lengthBytes;
    this.#varint(length);
    this.#end += length;
  }

  /** Forgets what was written. */
  clear(): void {
    this.#end = 0;
  }

  /** A copy of what was written; the writer is empty again. */
  finish(): Uint8Array {
    const written = Uint8Array.prototype.slice.call(this.#bytes, 0, this.#end);
    this.clear();
    return written;
  }

  /** Writes a short text with its length when it is ASCII; else false, and nothing is written. */
  #ascii(text: string): boolean {
    const bytes = this.#bytes;
    let end = this.#end + 1;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80) return false;
      bytes[end++] = unit;
    }
    bytes[this.#end] = text.length;
    this.#end = end;
    return true;
  }

  /** Not by shifting: that would cut a number to 32 bits. */
  #varint(value: number): void {
    let left = value;
    for (; left >= 0x80; left = Math.floor(left / 0x80)) this.#bytes[this.#end++] = (left % 0x80) | 0x80;
    this.#bytes[this.#end++] = left;
  }

  #longVarint(value: bigint): void {
    let left = value;
    for (; left >= 0x80n; left >>= 7n) this.#bytes[this.#end++] = Number(left & 0x7fn) | 0x80;
    this.#bytes[this.#end++] = Number(left);
  }

  #reserve(count: number): void {
    if (this.#end + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#end + count));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let left = value; left >= 0x80; left = Math.floor(left / 0x80)) bytes++;
  return bytes;
}
