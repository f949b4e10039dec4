import { gzipSync } from "node:zlib";
import { frame, RawGrpc, type RawStatus, statusOf } from "../../support/raw-grpc.js";
import { during } from "../support/waiting.js";
import { messages, PATH } from "./messages.js";

/** A message that is too large, or that becomes it, and what its sender is told. */
const BOMBS = {
  "an announced 4 GiB": { bytes: () => Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1]), encoding: "identity" },
  "5 MiB": { bytes: () => frame(Buffer.alloc(5 * 1024 * 1024)), encoding: "identity" },
  "64 MiB packed into 64 kB": { bytes: () => frame(gzipSync(Buffer.alloc(64 * 1024 * 1024)), true), encoding: "gzip" },
} as const;

/** Calls with such a message, on connection after connection; all must hear RESOURCE_EXHAUSTED. */
export async function oversized(url: string, sort: keyof typeof BOMBS, ms: number): Promise<string> {
  const { bytes, encoding } = BOMBS[sort];
  const body = bytes();
  const statuses: RawStatus[] = [];
  await during(ms, async () => {
    await using raw = new RawGrpc(url);
    const calls = Array.from({ length: body.length > 1_000_000 ? 1 : 20 }, () => {
      const stream = raw.open(PATH.getService, { "grpc-encoding": encoding });
      const status = statusOf(stream);
      stream.end(body);
      return status;
    });
    statuses.push(...(await Promise.all(calls)));
  });
  const others = statuses.filter(({ reason }) => reason !== "MESSAGE_TOO_LARGE");
  if (others.length > 0)
    throw new Error(`${others.length} of ${statuses.length} heard else: ${JSON.stringify(others[0])}`);
  return `${statuses.length} messages of ${sort}, all refused`;
}

/** Messages that are as large as is allowed once they are unpacked, a thousandth of that on the wire, all at once. */
export async function packed(url: string, count: number): Promise<string> {
  const bomb = frame(gzipSync(messages.getService("x".repeat(4 * 1024 * 1024 - 64))), true);
  const connections = Array.from({ length: Math.ceil(count / 200) }, () => new RawGrpc(url));
  const calls = Array.from({ length: count }, (_, n) => {
    const stream = connections[n % connections.length]?.open(PATH.getService, { "grpc-encoding": "gzip" });
    if (!stream) throw new Error("no connection");
    const status = statusOf(stream);
    stream.end(bomb);
    return status;
  });
  const statuses = await Promise.all(calls);
  for (const connection of connections) await connection[Symbol.asyncDispose]();
  const refused = statuses.filter(({ code }) => code === 3).length;
  if (refused < count) throw new Error(`${count - refused} of ${count} heard something else than INVALID_ARGUMENT`);
  return `${count} messages of 4 MiB in ${bomb.length} bytes each`;
}

/** The same on streams that take many messages, twelve in each of the packets that carry them. */
export async function packedStreams(url: string, count: number): Promise<string> {
  const bomb = frame(gzipSync(messages.getService("x".repeat(4 * 1024 * 1024 - 64))), true);
  const twelve = Buffer.concat(Array.from({ length: 12 }, () => bomb));
  await using raw = new RawGrpc(url);
  const calls = Array.from({ length: count }, () => {
    const stream = raw.open(PATH.reportCalls, { "grpc-encoding": "gzip" });
    const status = statusOf(stream);
    stream.end(twelve);
    return status;
  });
  await Promise.all(calls);
  return `${count} streams of 12 messages of 4 MiB in ${bomb.length} bytes each`;
}

/** Messages of 4 MiB that are two million empty entries of a list, one after another. */
export async function parts(url: string, ms: number): Promise<string> {
  const message = frame(Buffer.alloc(4_000_000, Buffer.from([0x1a, 0])));
  let refused = 0;
  await during(ms, async () => {
    await using raw = new RawGrpc(url);
    const stream = raw.open(PATH.reportCalls);
    const status = statusOf(stream);
    stream.end(message);
    if ((await status).reason === "MESSAGE_TOO_LARGE") refused++;
  });
  if (refused === 0) throw new Error("no message of millions of parts was refused");
  return `${refused} messages of 2,000,000 empty entries, all refused`;
}
