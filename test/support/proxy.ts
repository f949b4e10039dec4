import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A TCP proxy that a test can freeze: a network that swallows everything without a word. */
export interface Proxy extends AsyncDisposable {
  readonly baseUrl: string;
  /** From now on nothing passes, and nobody is told. */
  freeze(): void;
}

/** Starts a proxy in front of a port of this machine. */
export async function startProxy(port: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let frozen = false;
  const pass = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.on("error", () => {});
    from.on("data", (bytes) => {
      if (!frozen) to.write(bytes);
    });
    from.on("close", () => {
      if (!frozen) to.destroy();
    });
  };
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    pass(client, upstream);
    pass(upstream, client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    baseUrl: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`,
    freeze() {
      frozen = true;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}
