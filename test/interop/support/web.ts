import { once } from "node:events";
import { createServer, request } from "node:http";
import { connect } from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A server that speaks HTTP/1.1 alone, and answers its id and which HTTP it was asked by. */
export async function startWeb(id: string): Promise<AsyncDisposable & { readonly id: string; readonly port: number }> {
  const server = createServer(({ httpVersion }, response) => response.end(`${id} over ${httpVersion}`));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async () => void server.close().closeAllConnections();
  return { id, port, [Symbol.asyncDispose]: close };
}

/** What a proxy answers to HTTP/1.1 for a host, with the status before it. */
export async function getOverHttp1(proxy: string, host: string): Promise<string> {
  const sent = request(`http://${proxy}/`, { headers: { host }, agent: false }).end();
  const [response] = await once(sent, "response");
  return `${response.statusCode} ${await text(response)}`;
}

/** The same over HTTP/2. */
export async function getOverHttp2(proxy: string, host: string): Promise<string> {
  const session = connect(`http://${proxy}`);
  try {
    const stream = session.request({ ":authority": host, ":path": "/" });
    const [headers] = await once(stream, "response");
    return `${headers[":status"]} ${await text(stream)}`;
  } finally {
    session.close();
  }
}
