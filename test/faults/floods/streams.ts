import { constants } from "node:http2";
import { frame, RawGrpc } from "../../support/raw-grpc.js";
import { BareConnection, callHeaders, FLAG, FRAME, headerBlock, http2Frame } from "../support/frames.js";
import { during } from "../support/waiting.js";
import { messages, PATH } from "./messages.js";

/** Streams opened and cancelled in storms by a client that is otherwise correct. */
export async function cancelStorm(url: string, ms: number): Promise<string> {
  let opened = 0;
  await during(ms, async () => {
    await using raw = new RawGrpc(url);
    for (let n = 0; n < 500; n++) {
      const stream = raw.open(n % 2 === 0 ? PATH.watch : PATH.resolve);
      stream.end(frame(messages.watch("bystander")));
      setImmediate(() => stream.close(constants.NGHTTP2_CANCEL));
      opened++;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  });
  return `${opened} streams opened and cancelled`;
}

/** HEADERS and RST_STREAM in one breath, as fast as the connection takes them. */
export async function rapidReset(port: number, ms: number): Promise<string> {
  const block = headerBlock(callHeaders(PATH.resolve));
  const cancel = Buffer.from([0, 0, 0, constants.NGHTTP2_CANCEL]);
  let resets = 0;
  let connections = 0;
  await during(ms, async () => {
    using connection = new BareConnection(port).greet();
    connections++;
    for (let stream = 1; connection.open && stream < 40_000; stream += 100) {
      const batch: Buffer[] = [];
      for (let n = stream; n < stream + 100; n += 2) {
        batch.push(http2Frame(FRAME.headers, FLAG.endHeaders, n, block), http2Frame(FRAME.reset, FLAG.none, n, cancel));
      }
      await connection.say(Buffer.concat(batch));
      resets += batch.length / 2;
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  return `${resets} resets on ${connections} connections`;
}
