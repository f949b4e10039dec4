import { randomBytes } from "node:crypto";
import { BareConnection, FLAG, FRAME, http2Frame, settingsFrame } from "../support/frames.js";
import { during } from "../support/waiting.js";

/** Frames that cost their sender nothing, and that the server must answer or obey. */
const FRAMES = {
  PING: () => http2Frame(FRAME.ping, FLAG.none, 0, randomBytes(8)),
  SETTINGS: () => settingsFrame(3, 100),
  PRIORITY: () => http2Frame(FRAME.priority, FLAG.none, 1, Buffer.from([0, 0, 0, 0, 16])),
  WINDOW_UPDATE: () => http2Frame(FRAME.windowUpdate, FLAG.none, 0, Buffer.from([0, 0, 0, 1])),
  "empty DATA": () => http2Frame(FRAME.data, FLAG.none, 1),
} as const;

/** One sort of frame, without end, by a client that does not read what it is told. */
export async function controlFlood(port: number, sort: keyof typeof FRAMES, ms: number): Promise<string> {
  const batch = Buffer.concat(Array.from({ length: 500 }, FRAMES[sort]));
  let taken = 0;
  let connections = 0;
  await during(ms, async () => {
    using connection = new BareConnection(port).greet();
    connections++;
    connection.socket.pause();
    for (let n = 0; connection.open && n < 400; n++) {
      await connection.say(batch);
      await new Promise((resolve) => setImmediate(resolve));
    }
    taken += connection.socket.bytesWritten - connection.socket.writableLength;
  });
  return `${Math.round(taken / 1e6)} MB of ${sort} frames on ${connections} connections`;
}

/** What is no gRPC at all. */
const NONSENSE = {
  "HTTP/1.1": () => Buffer.from("GET / HTTP/1.1\r\nhost: plane\r\n\r\n".repeat(50)),
  "a TLS hello": () => Buffer.concat([Buffer.from("1603010200010001fc0303", "hex"), randomBytes(508)]),
  noise: () => randomBytes(20_000),
} as const;

/** Bytes of another protocol, on connection after connection. */
export async function nonsense(port: number, sort: keyof typeof NONSENSE, ms: number): Promise<string> {
  let connections = 0;
  let closed = 0;
  await during(ms, async () => {
    using connection = new BareConnection(port);
    connections++;
    const gone = new Promise<void>((resolve) => connection.socket.once("close", () => resolve()));
    await connection.say(NONSENSE[sort]());
    await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 1_000).unref())]);
    if (connection.socket.destroyed) closed++;
  });
  if (closed < connections)
    throw new Error(`${connections - closed} of ${connections} connections that spoke ${sort} stand`);
  return `${connections} connections that spoke ${sort}, all closed`;
}
