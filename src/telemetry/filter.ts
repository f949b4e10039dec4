/** A compiled predicate; the edge makes it from an expression. */
export interface Filter<T> {
  /** The expression, for logs. */
  readonly text: string;
  /** False also when it cannot be evaluated. Must not throw. */
  matches(value: T): boolean;
}
