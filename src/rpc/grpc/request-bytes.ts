import type { ServerInterceptingCallInterface } from "@grpc/grpc-js";
import type { BufferedBytes, Hold } from "../buffered-bytes.js";
import { type Inflater, isCompression } from "./inflater.js";
import { connectionOf, onClosed, onData, onRead, partialBytes, setDecompression, waitsFor } from "./seams.js";

/** What bounds the requests of calls. */
export interface RequestBytesOptions {
  readonly buffered: BufferedBytes;
  readonly inflater: Inflater;
  /** Of one message, unpacked. */
  readonly maxMessageBytes: number;
}

/**
 * What the requests of one call take before its handler has them: counts messages that are not whole, and unpacks compressed
 * ones, of several that came together only that which is asked for.
 */
export class RequestBytes {
  readonly #call: ServerInterceptingCallInterface;
  readonly #options: RequestBytesOptions;
  #hold: Hold | undefined;
  /** Of compressed messages that are not unpacked. */
  #packedBytes = 0;
  /** Wake the messages that wait to be asked for. */
  readonly #waiting: (() => void)[] = [];
  #closed = false;

  constructor(call: ServerInterceptingCallInterface, options: RequestBytesOptions) {
    this.#call = call;
    this.#options = options;
    onData(call, () => this.#count());
    onRead(call, () => this.#wake());
    onClosed(call, () => this.#close());
    setDecompression(call, (message, encoding) => this.#unpack(message, encoding));
  }

  #count(): void {
    const bytes = this.#packedBytes + partialBytes(this.#call);
    this.#hold?.set(bytes);
    const connection = connectionOf(this.#call);
    if (bytes > 0 && connection && !this.#closed) this.#hold ??= this.#options.buffered.hold(connection, bytes);
  }

  /** Undefined leaves it to grpc-js: what is not compressed, or in a way that is not known. */
  #unpack(message: Buffer, encoding: string): Promise<Buffer> | undefined {
    return isCompression(encoding) ? this.#inflate(message, encoding) : undefined;
  }

  async #inflate(message: Buffer, compression: Parameters<Inflater["inflate"]>[0]["compression"]): Promise<Buffer> {
    const { inflater, maxMessageBytes } = this.#options;
    this.#packedBytes += message.length;
    this.#count();
    while (!this.#closed && !waitsFor(this.#call, message)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    const bytes = message.subarray(MESSAGE_HEAD_BYTES);
    const unwanted = () => this.#closed;
    try {
      return await inflater.inflate({ bytes, compression, maxBytes: maxMessageBytes, unwanted });
    } finally {
      this.#packedBytes -= message.length;
      this.#count();
    }
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #close(): void {
    this.#closed = true;
    this.#hold?.release();
    this.#wake();
  }
}

/** The flag and the length in front of a gRPC message. */
const MESSAGE_HEAD_BYTES = 5;
