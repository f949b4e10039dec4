import type { Socket } from "node:net";

/** Requests that may wait on one connection for the answers before theirs. Clients that pipeline at all send a few ahead. */
const MAX_WAITING = 20;

/** What ends when an answer was sent, or never will be. */
interface Answer {
  once(event: "close", listener: () => void): unknown;
}

/**
 * Has the requests of one HTTP/1.1 connection served one after another.
 *
 * Why: node serves all that arrive in one packet at once, hundreds of them, and keeps their answers until the first was read. A
 * connection on which more wait than anybody needs is closed, before the first of what came together is served: to serve it
 * would have everybody wait for answers that nobody will read.
 */
export class Turns {
  /** connection -> what waits for the answer that is being sent; absent while none is. */
  readonly #waiting = new WeakMap<Socket, (() => void)[]>();

  /** Calls `serve` when it is this request's turn; never on a connection that ends before. */
  take(connection: Socket, answer: Answer, serve: () => void): void {
    if (connection.destroyed) return;
    const waiting = this.#waiting.get(connection);
    const run = () => {
      answer.once("close", () => this.#next(connection));
      serve();
    };
    if (!waiting) {
      this.#waiting.set(connection, []);
      process.nextTick(() => this.#begin(connection, run));
    } else if (waiting.length < MAX_WAITING) {
      waiting.push(run);
    } else {
      waiting.length = 0;
      connection.pause(); // or it would go on to tell of what it has read already
      connection.destroy();
    }
  }

  #next(connection: Socket): void {
    this.#begin(connection, this.#waiting.get(connection)?.shift());
  }

  #begin(connection: Socket, run: (() => void) | undefined): void {
    if (connection.destroyed || !run) this.#waiting.delete(connection);
    else run();
  }
}
