import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { frame, RawGrpc } from "../../support/raw-grpc.js";
import { BareConnection } from "../support/frames.js";
import { messages, PATH } from "./messages.js";

/** Messages of 4 MiB of which the last byte never comes, on each of `streams` streams of one connection. */
export async function unfinished(url: string, streams: number, ms: number): Promise<string> {
  const most = frame(Buffer.alloc(4 * 1024 * 1024)).subarray(0, -1);
  await using raw = new RawGrpc(url);
  const cut = () => raw.session.closed || raw.session.destroyed;
  for (let n = 0; n < streams && !cut(); n++) raw.open(n % 2 === 0 ? PATH.getService : PATH.reportCalls).write(most);
  const until = performance.now() + ms;
  while (performance.now() < until && !cut()) await sleep(50);
  return `${streams} messages of 4 MiB without their last byte, ${cut() ? "hung up on" : "held"}`;
}

/** Calls for large answers by a client that reads none of them. */
export async function unread(url: string, calls: number, ms: number): Promise<string> {
  await using raw = new RawGrpc(url);
  const cut = () => raw.session.closed || raw.session.destroyed;
  await once(raw.session, "remoteSettings");
  raw.session.settings({ initialWindowSize: 0 });
  const until = performance.now() + ms;
  for (let n = 0; n < calls && !cut() && performance.now() < until; n++) {
    const stream = raw.open(PATH.resolve);
    stream.pause();
    stream.end(frame(messages.watch("big")));
    if (n % 20 === 0) await sleep(10);
  }
  while (performance.now() < until && !cut()) await sleep(50);
  return `${calls} answers of 3 MB not read, ${cut() ? "hung up on" : "held"}`;
}

/** Connections that say their first line byte by byte, or nothing. */
export async function slowHello(port: number, connections: number, ms: number): Promise<string> {
  const hello = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const all = Array.from({ length: connections }, () => new BareConnection(port));
  const each = ms / hello.length;
  for (const letter of hello) {
    for (const [n, connection] of all.entries()) if (n % 2 === 0) await connection.say(letter);
    await sleep(each);
  }
  for (const connection of all) connection[Symbol.dispose]();
  return `${connections} connections that said a byte each ${Math.round(each)} ms, or nothing`;
}
