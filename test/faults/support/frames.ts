import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** HTTP/2 frame types (RFC 9113, section 6). */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Flags of frames; ACK and END_STREAM are the same bit on different types. */
export const FLAG = { none: 0, ack: 1, endStream: 1, endHeaders: 4 } as const;

/** How long a connection waits for the other side to take what it said, in milliseconds. */
const PATIENCE_MS = 100;
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** One HTTP/2 frame. */
export function http2Frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** One setting's frame. */
export function settingsFrame(id: number, value: number): Buffer {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(id, 0);
  payload.writeUInt32BE(value, 2);
  return http2Frame(FRAME.settings, FLAG.none, 0, payload);
}

/** Headers in HPACK's plainest form: literals that are never indexed, without Huffman codes. */
export function headerBlock(headers: Iterable<readonly [string, string]>): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of headers) parts.push(Buffer.from([0x10]), hpackText(name), hpackText(value));
  return Buffer.concat(parts);
}

/** The headers of a gRPC call. */
export function callHeaders(path: string): [string, string][] {
  return [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path],
    [":authority", "plane"],
    ["content-type", "application/grpc+proto"],
    ["te", "trailers"],
  ];
}

/** A connection that says whatever bytes a test wants, and that reads and forgets what it is told, unless `pause`d. */
export class BareConnection implements Disposable {
  readonly socket: Socket;
  /** Bytes that the other side said. */
  heard = 0;

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("error", () => undefined);
    this.socket.on("data", (bytes) => {
      this.heard += bytes.length;
    });
  }

  /** Introduces itself as HTTP/2. */
  greet(): this {
    this.socket.write(Buffer.concat([Buffer.from(PREFACE), http2Frame(FRAME.settings, FLAG.none, 0)]));
    return this;
  }

  get open(): boolean {
    return !this.socket.destroyed && this.socket.writable;
  }

  /** Sends bytes, and waits until the other side takes more, though not long; does nothing on a connection that was closed. */
  async say(bytes: Uint8Array | string): Promise<void> {
    if (!this.open || this.socket.write(bytes)) return;
    const signal = AbortSignal.timeout(PATIENCE_MS);
    await Promise.race([once(this.socket, "drain", { signal }), once(this.socket, "close", { signal })]).catch(
      () => undefined,
    );
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

function hpackText(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([hpackLength(bytes.length), bytes]);
}

function hpackLength(length: number): Buffer {
  if (length < 127) return Buffer.from([length]);
  const bytes = [127];
  let rest = length - 127;
  for (; rest >= 128; rest >>>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}
