import { once } from "node:events";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { BareConnection } from "../support/frames.js";
import { during } from "../support/waiting.js";
import { PATH } from "./messages.js";

const HEAD = `POST ${PATH.getService} HTTP/1.1\r\nhost: plane\r\ncontent-type: application/json\r\n`;

/** Bodies that are announced as large and come byte by byte. */
export async function slowBodies(port: number, connections: number, ms: number): Promise<string> {
  const all = Array.from({ length: connections }, () => new BareConnection(port));
  for (const connection of all) await connection.say(`${HEAD}content-length: 4000000\r\n\r\n{`);
  const until = performance.now() + ms;
  while (performance.now() < until) {
    for (const connection of all) await connection.say(" ");
    await sleep(100);
  }
  for (const connection of all) connection[Symbol.dispose]();
  return `${connections} bodies that came byte by byte`;
}

/** Requests by the thousand on each connection, without waiting for or reading any answer. */
export async function pipelining(port: number, ms: number): Promise<string> {
  const body = JSON.stringify({ target: { service: "big" } });
  const head = HEAD.replace(PATH.getService, PATH.resolve);
  const batch = `${head}content-length: ${body.length}\r\n\r\n${body}`.repeat(200);
  let connections = 0;
  await during(ms, async () => {
    using connection = new BareConnection(port);
    connections++;
    connection.socket.pause();
    for (let n = 0; n < 20 && connection.open; n++) await connection.say(batch);
  });
  return `up to 4,000 requests pipelined on each of ${connections} connections, and no answer read`;
}

/** Headers without end on the HTTP port. */
export async function http1Headers(port: number, ms: number): Promise<string> {
  let connections = 0;
  await during(ms, async () => {
    using connection = new BareConnection(port);
    connections++;
    await connection.say(HEAD);
    for (let n = 0; n < 2_000 && connection.open; n++) await connection.say(`x-${n}: ${"y".repeat(200)}\r\n`);
    await sleep(10);
  });
  return `${connections} requests with headers without end`;
}

/** Answers what a JSON call of a given size is told. */
export async function post(port: number, bytes: number): Promise<number> {
  const call = request({ host: "127.0.0.1", port, path: PATH.getService, method: "POST" });
  call.setHeader("content-type", "application/json");
  call.on("error", () => undefined);
  call.end(JSON.stringify({ name: "x".repeat(bytes) }));
  const [response] = await once(call, "response");
  response.resume();
  return response.statusCode;
}
