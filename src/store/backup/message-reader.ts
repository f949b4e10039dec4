/** No record comes near it: what claims more is damaged. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/** A length is a varint of at most so many bytes. */
const MAX_LENGTH_BYTES = 5;

/** Reads messages, each after its length as a varint, from the chunks of a file. */
export class MessageReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #onBytes: (bytes: Uint8Array) => void;
  #buffer: Uint8Array = new Uint8Array();

  /** @param onBytes sees the bytes of every message, its length included, when it is taken. */
  constructor(input: AsyncIterable<Uint8Array>, onBytes: (bytes: Uint8Array) => void) {
    this.#chunks = input[Symbol.asyncIterator]();
    this.#onBytes = onBytes;
  }

  /** The next message. @throws RangeError when the file ends before it does, or its length is none. */
  async next(): Promise<Uint8Array> {
    const { length, prefix } = await this.#length();
    const end = prefix + length;
    if (!(await this.#fill(end))) throw new RangeError("the file ends within a record");
    const bytes = this.#buffer.subarray(0, end);
    this.#buffer = this.#buffer.subarray(end);
    this.#onBytes(bytes);
    return bytes.subarray(prefix);
  }

  /** True when nothing follows. */
  async atEnd(): Promise<boolean> {
    return !(await this.#fill(1));
  }

  /** Lets go of the input. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #length(): Promise<{ length: number; prefix: number }> {
    let length = 0;
    for (let prefix = 1; prefix <= MAX_LENGTH_BYTES; prefix++) {
      if (!(await this.#fill(prefix))) throw new RangeError("the file ends too early");
      const byte = this.#buffer[prefix - 1] ?? 0;
      length += (byte & 0x7f) * 2 ** (7 * (prefix - 1));
      if (length > MAX_MESSAGE_BYTES) break;
      if (byte < 0x80) return { length, prefix };
    }
    throw new RangeError("a record is longer than any can be");
  }

  /** Has at least `bytes` bytes in the buffer; false when the file has no more. */
  async #fill(bytes: number): Promise<boolean> {
    if (this.#buffer.length >= bytes) return true;
    const parts = [this.#buffer];
    let available = this.#buffer.length;
    while (available < bytes) {
      const { done, value } = await this.#chunks.next();
      if (done) break;
      parts.push(value);
      available += value.length;
    }
    this.#buffer = Buffer.concat(parts);
    return available >= bytes;
  }
}
