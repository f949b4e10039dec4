/** Who waits for the next request. */
interface Reader {
  resolve(step: IteratorResult<unknown>): void;
  reject(error: unknown): void;
}

/**
 * The requests of a stream, read one at a time and only when they are asked for, so that a slow handler slows its client.
 *
 * open -> (ended | broken). It ENDS when the client half-closed, and THROWS when the stream broke: to a session that is the
 * difference between leaving and being cut off.
 */
export class RequestStream implements AsyncIterableIterator<unknown> {
  readonly #read: () => void;
  #reader: Reader | undefined;
  #state: "open" | "ended" | "broken" = "open";
  #error: unknown;

  /** @param read asks the transport for one message, which comes by `push`, or for the end. */
  constructor(read: () => void) {
    this.#read = read;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.#state === "broken") return Promise.reject(this.#error);
    if (this.#state === "ended") return Promise.resolve({ done: true, value: undefined });
    if (this.#reader) return Promise.reject(new Error("one request is being waited for already"));
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
      this.#read();
    });
  }

  /** The handler wants no more. */
  return(): Promise<IteratorResult<unknown>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Hands over what `next` asked for. */
  push(message: unknown): void {
    this.#take()?.resolve({ done: false, value: message });
  }

  /** The client half-closed. */
  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ended";
    this.#take()?.resolve({ done: true, value: undefined });
  }

  /** The stream broke. */
  break(error: unknown): void {
    if (this.#state !== "open") return;
    this.#state = "broken";
    this.#error = error;
    this.#take()?.reject(error);
  }

  #take(): Reader | undefined {
    const reader = this.#reader;
    this.#reader = undefined;
    return reader;
  }
}
