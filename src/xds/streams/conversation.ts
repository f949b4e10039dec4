import type { Outgoing, XdsStream } from "./xds-stream.js";

/** Options of `Conversation`. */
export interface ConversationOptions<Request> {
  readonly stream: XdsStream;
  readonly requests: AsyncIterable<Request>;
  /** Takes one request in. What it throws ends the stream. */
  readonly take: (request: Request) => void;
  /** Called once, however it ends. */
  readonly onEnd: () => void;
}

type Result = IteratorResult<Outgoing>;

/**
 * Both directions of one stream: open -> finishing -> ended. Requests are taken in as they come, beginning at once; a response is
 * made when it is asked for. When the client has no more requests, it is told what can be said without its answers. It ends at
 * once when a request cannot be taken, or when nobody reads any more.
 */
export class Conversation<Request> implements AsyncIterableIterator<Outgoing> {
  readonly #options: ConversationOptions<Request>;
  #waiter: { readonly resolve: (result: Result) => void; readonly reject: (error: unknown) => void } | undefined;
  #finishing = false;
  #ended = false;
  #error: unknown;

  constructor(options: ConversationOptions<Request>) {
    this.#options = options;
    options.stream.onWake(() => this.#serve());
    void this.#read();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#serve();
    });
  }

  async return(): Promise<Result> {
    this.#end(undefined);
    return { done: true, value: undefined };
  }

  async #read(): Promise<void> {
    try {
      for await (const request of this.#options.requests) {
        if (this.#ended) return;
        this.#options.take(request);
      }
      this.#finishing = true;
      this.#serve();
    } catch (error) {
      this.#end(error);
    }
  }

  #serve(): void {
    const waiter = this.#waiter;
    if (!waiter) return;
    if (this.#ended) {
      this.#waiter = undefined;
      if (this.#error === undefined) waiter.resolve({ done: true, value: undefined });
      else waiter.reject(this.#error);
      return;
    }
    const value = this.#options.stream.next();
    if (value) {
      this.#waiter = undefined;
      waiter.resolve({ done: false, value });
    } else if (this.#finishing) this.#end(undefined);
  }

  #end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#options.onEnd();
    this.#serve();
  }
}
