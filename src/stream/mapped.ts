/**
 * Each value of `source` as `map` makes it, pulled one by one. Ending it early ends the source.
 *
 * Why not a generator: this stands in the path of every delivery, and a generator costs three promises where this costs one.
 */
export function mapped<T, U>(source: AsyncIterable<T>, map: (value: T) => U): AsyncIterableIterator<U> {
  const values = source[Symbol.asyncIterator]();
  const result = ({ done, value }: IteratorResult<T>): IteratorResult<U> =>
    done ? { done: true, value: undefined } : { done: false, value: map(value) };
  return {
    next: () => values.next().then(result),
    return: () => values.return?.().then(result) ?? Promise.resolve({ done: true, value: undefined }),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
