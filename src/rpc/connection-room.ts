import type { Socket } from "node:net";

/**
 * Room for the connections of both ports together.
 *
 * Why beside each port's own limit: a connection takes a file descriptor, and without one left the store can not write.
 */
export class ConnectionRoom {
  readonly #max: number;
  readonly #others: () => number;
  #open = 0;

  /**
   * @param max the most connections; Infinity when nobody knows how many there may be.
   * @param others how many connections of other kinds share the room now.
   */
  constructor(max: number, others: () => number = () => 0) {
    this.#max = max;
    this.#others = others;
  }

  /** Counts a connection until it closes; closes it and answers false when there is no room for it. */
  take(socket: Socket): boolean {
    if (this.#open + this.#others() >= this.#max) {
      socket.destroy();
      return false;
    }
    this.#open++;
    socket.once("close", () => {
      this.#open--;
    });
    return true;
  }
}
