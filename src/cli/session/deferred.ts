/** A promise that is settled from outside. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  #resolve: (value: T) => void = () => {};

  constructor() {
    this.promise = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Settles it; only the first call counts. */
  resolve(value: T): void {
    this.#resolve(value);
  }
}
