/** What a test pushes, for whoever iterates. */
export class Channel<T> implements AsyncIterableIterator<T> {
  readonly #items: T[] = [];
  #waiter: ((result: IteratorResult<T>) => void) | undefined;
  #ended = false;

  push(item: T): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter) waiter({ done: false, value: item });
    else this.#items.push(item);
  }

  end(): void {
    this.#ended = true;
    this.#waiter?.({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve({ done: false, value: item });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#waiter = resolve;
    });
  }

  async return(): Promise<IteratorResult<T>> {
    this.end();
    return { done: true, value: undefined };
  }

  /** Connect asks for it where it ends a stream. */
  async throw(): Promise<IteratorResult<T>> {
    return await this.return();
  }
}
