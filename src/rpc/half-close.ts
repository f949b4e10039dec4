import type { Http2Session } from "node:http2";

/**
 * Tells a half-close from the first half of a cancellation.
 *
 * Why: Node's HTTP/2 clients cancel by ending the stream and then resetting it, in two packets. To a session the one means
 * leaving and the other being cut off. A client answers a ping only after all that it had sent before, so when the answer is
 * here and the stream still stands, its end was meant.
 */
export class HalfCloses {
  /** connection -> the pings that ask it. */
  readonly #connections = new WeakMap<Http2Session, Pings>();

  /** Resolves when everything that the client sent up to now has arrived; false when the connection is gone. */
  async settled(connection: Http2Session): Promise<boolean> {
    let pings = this.#connections.get(connection);
    if (!pings) {
      pings = new Pings(connection);
      this.#connections.set(connection, pings);
    }
    return pings.roundTrip();
  }
}

/** One ping at a time on a connection, each for all who asked while the one before it was under way. */
class Pings {
  readonly #connection: Http2Session;
  #current: Promise<boolean> | undefined;
  #next: Promise<boolean> | undefined;

  constructor(connection: Http2Session) {
    this.#connection = connection;
  }

  /** A round trip that begins now or later, never one that is under way. */
  roundTrip(): Promise<boolean> {
    if (this.#next !== undefined) return this.#next;
    if (this.#current !== undefined) {
      this.#next = this.#current.then(() => {
        this.#next = undefined;
        return this.#ping();
      });
      return this.#next;
    }
    return this.#ping();
  }

  #ping(): Promise<boolean> {
    const answered = new Promise<boolean>((resolve) => {
      try {
        const sent = this.#connection.ping((error) => resolve(error === null));
        if (!sent) resolve(false);
      } catch {
        resolve(false);
      }
    });
    this.#current = answered.finally(() => {
      this.#current = undefined;
    });
    return this.#current;
  }
}
