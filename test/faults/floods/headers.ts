import { BareConnection, callHeaders, FLAG, FRAME, headerBlock, http2Frame } from "../support/frames.js";
import { during } from "../support/waiting.js";
import { PATH } from "./messages.js";

/** What a client may say too much of, as one header block. */
const TOO_MUCH = {
  "one of 200 kB": () => headerBlock([...callHeaders(PATH.resolve), ["x-large", "x".repeat(200_000)]]),
  "5,000 small ones": () =>
    headerBlock([...callHeaders(PATH.resolve), ...Array.from({ length: 5_000 }, (_, n) => [`x-${n}`, "1"] as const)]),
} as const;

/** Calls with far more headers than are allowed, cut into CONTINUATION frames as the protocol wants. */
export async function headerFlood(port: number, what: keyof typeof TOO_MUCH, ms: number): Promise<string> {
  const block = TOO_MUCH[what]();
  let calls = 0;
  await during(ms, async () => {
    using connection = new BareConnection(port).greet();
    for (let stream = 1; connection.open && stream < 200; stream += 2, calls++) {
      await connection.say(continued(stream, block));
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  return `${calls} calls with ${what}`;
}

/** A header block that never ends: CONTINUATION after CONTINUATION. */
export async function continuationFlood(port: number, ms: number): Promise<string> {
  const piece = headerBlock(Array.from({ length: 400 }, (_, n) => [`x-${n}`, "y".repeat(20)] as const));
  const more = http2Frame(FRAME.continuation, FLAG.none, 1, piece);
  let frames = 0;
  let connections = 0;
  await during(ms, async () => {
    using connection = new BareConnection(port).greet();
    connections++;
    await connection.say(http2Frame(FRAME.headers, FLAG.none, 1, headerBlock(callHeaders(PATH.resolve))));
    for (let n = 0; connection.open && n < 2_000; n++, frames++) {
      await connection.say(more);
      if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  });
  return `${frames} CONTINUATION frames on ${connections} connections`;
}

function continued(stream: number, block: Buffer): Buffer {
  const size = 16_384;
  const frames: Buffer[] = [];
  for (let at = 0; at < block.length; at += size) {
    const last = at + size >= block.length;
    const piece = block.subarray(at, at + size);
    frames.push(
      http2Frame(at === 0 ? FRAME.headers : FRAME.continuation, last ? FLAG.endHeaders : FLAG.none, stream, piece),
    );
  }
  return Buffer.concat(frames);
}
