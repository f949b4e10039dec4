import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { status as grpcStatus } from "@grpc/grpc-js";

/** Messages that are unpacked at once: as many as the runtime has threads for it. */
const MAX_AT_ONCE = 4;

const UNPACK = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const;

/** A compression that a message may have. */
export type Compression = keyof typeof UNPACK;

export function isCompression(encoding: string): encoding is Compression {
  return Object.hasOwn(UNPACK, encoding);
}

/** A message to be unpacked. */
export interface Packed {
  readonly bytes: Uint8Array;
  readonly compression: Compression;
  /** The most that it may become. */
  readonly maxBytes: number;
  /** True when nobody waits for it any more. */
  readonly unwanted: () => boolean;
}

/**
 * Unpacks the compressed messages of all calls, a few at a time and in the order in which they came.
 *
 * Why not all at once, as grpc-js does: a message of 4 kB can become 4 MiB, and a thousand of them 4 GiB.
 */
export class Inflater {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /**
   * @throws a status as grpc-js throws it: INTERNAL for damaged bytes, RESOURCE_EXHAUSTED for what becomes too large,
   * CANCELLED for what is unwanted when its turn comes.
   */
  async inflate({ bytes, compression, maxBytes, unwanted }: Packed): Promise<Buffer> {
    if (this.#running >= MAX_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      if (unwanted()) throw { code: grpcStatus.CANCELLED, details: "nobody waits for it" };
      return await UNPACK[compression](bytes, { maxOutputLength: maxBytes });
    } catch (error) {
      throw statusOf(error, maxBytes);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}

function statusOf(error: unknown, maxBytes: number): unknown {
  if (!(error instanceof Error)) return error;
  const tooLarge = "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
  return tooLarge
    ? { code: grpcStatus.RESOURCE_EXHAUSTED, details: `the message becomes larger than ${maxBytes}` }
    : { code: grpcStatus.INTERNAL, details: "its compression is damaged" };
}
