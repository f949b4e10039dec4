import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A TCP proxy that a test can freeze or cut: a network that swallows everything without a word, or breaks. */
export interface Proxy extends AsyncDisposable {
  readonly baseUrl: string;
  /** From now on nothing passes, and nobody is told. */
  freeze(): void;
  /** From now on requests pass and answers do not, until `cut`. */
  swallowAnswers(): void;
  /** Breaks every connection; those that come later pass everything. */
  cut(): void;
}

/** Starts a proxy in front of a port of this machine. */
export async function startProxy(port: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let frozen = false;
  let swallowing = false;
  const pass = (from: Socket, to: Socket, passes: () => boolean) => {
    sockets.add(from);
    from.on("error", () => {});
    from.on("data", (bytes) => {
      if (passes()) to.write(bytes);
    });
    from.on("close", () => {
      sockets.delete(from);
      if (!frozen) to.destroy();
    });
  };
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    pass(client, upstream, () => !frozen);
    pass(upstream, client, () => !frozen && !swallowing);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    baseUrl: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`,
    freeze() {
      frozen = true;
    },
    swallowAnswers() {
      swallowing = true;
    },
    cut() {
      for (const socket of sockets) socket.destroy();
      swallowing = false;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}
