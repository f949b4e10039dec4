import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** Something that stands between clients and a server, and that a test slows down or stops without a word. */
export interface Pace extends AsyncDisposable {
  readonly url: string;
  /** Connections that stand. */
  readonly connections: number;
  /** What the server says passes at this many bytes a second to each client; undefined means as it comes. */
  drip(bytesPerSecond: number | undefined): void;
  /** From now on nothing passes either way, neither bytes nor endings. */
  freeze(): void;
  /** What was held back passes again, and what comes from now on. */
  resume(): void;
}

/** How often dripping connections are given their next bytes, in milliseconds. */
const TICK_MS = 100;

/** Starts it in front of a port of this machine. */
export async function startPace(port: number): Promise<Pace> {
  const pairs = new Set<Pair>();
  let rate: number | undefined;
  let frozen = false;
  const tick = setInterval(() => {
    if (!frozen && rate !== undefined) for (const pair of pairs) pair.give((rate * TICK_MS) / 1_000);
  }, TICK_MS);
  const apply = () => {
    for (const pair of pairs) pair.let(frozen ? "frozen" : rate === undefined ? "open" : "dripping");
  };
  const server = createServer({ allowHalfOpen: false }, (client) => {
    const pair = new Pair(client, connect(port, "127.0.0.1"), () => pairs.delete(pair));
    pairs.add(pair);
    apply();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`,
    get connections() {
      return pairs.size;
    },
    drip(bytesPerSecond) {
      rate = bytesPerSecond;
      apply();
    },
    freeze() {
      frozen = true;
      apply();
    },
    resume() {
      frozen = false;
      apply();
    },
    async [Symbol.asyncDispose]() {
      clearInterval(tick);
      for (const pair of pairs) pair.cut();
      server.close();
      await once(server, "close");
    },
  };
}

/** A client's connection and its continuation to the server. */
class Pair {
  readonly #client: Socket;
  readonly #server: Socket;
  #state: "open" | "dripping" | "frozen" = "open";
  /** Bytes that may pass before the next tick; fractions add up. */
  #due = 0;

  constructor(client: Socket, server: Socket, onGone: () => void) {
    this.#client = client;
    this.#server = server;
    for (const socket of [client, server]) socket.on("error", () => undefined);
    client.on("readable", () => this.#forward());
    server.on("readable", () => this.#back());
    for (const socket of [client, server]) {
      socket.on("close", () => {
        if (this.#state === "frozen") return;
        this.cut();
        onGone();
      });
    }
  }

  let(state: "open" | "dripping" | "frozen"): void {
    this.#state = state;
    this.#forward();
    this.#back();
  }

  give(bytes: number): void {
    this.#due = Math.min(this.#due + bytes, Math.max(bytes, 1));
    this.#back();
  }

  cut(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  #forward(): void {
    if (this.#state === "frozen") return;
    for (let bytes = this.#client.read(); bytes !== null; bytes = this.#client.read()) this.#server.write(bytes);
  }

  /** Not more than the client takes: what a slow client leaves must pile up at the server, not here. */
  #back(): void {
    if (this.#state === "frozen" || this.#client.writableNeedDrain) return;
    if (this.#state === "dripping") {
      const bytes = Math.min(Math.floor(this.#due), this.#server.readableLength);
      if (bytes === 0) return;
      this.#due -= bytes;
      this.#client.write(this.#server.read(bytes));
      return;
    }
    const bytes: Buffer | null = this.#server.read();
    if (bytes === null) return;
    if (this.#client.write(bytes)) this.#back();
    else this.#client.once("drain", () => this.#back());
  }
}
