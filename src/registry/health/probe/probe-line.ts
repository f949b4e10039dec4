/** Options of `ProbeLine`. */
export interface ProbeLineOptions<K> {
  /** How many may be under way at once. */
  readonly max: number;
  /** Deals with one; must not reject. */
  readonly run: (key: K) => Promise<void>;
  /** Told how many are under way when that changes. */
  readonly onUnderWay: (count: number) => void;
}

/** What is due: in line, each once, in the order in which it came -> under way, so many at once. */
export class ProbeLine<K> {
  readonly #options: ProbeLineOptions<K>;
  readonly #due = new Set<K>();
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: ProbeLineOptions<K>) {
    this.#options = options;
  }

  /** How many are under way. */
  get underWay(): number {
    return this.#underWay.size;
  }

  /** Puts keys in line, and begins as many as may be. */
  add(keys: Iterable<K>): void {
    for (const key of keys) this.#due.add(key);
    this.#advance();
  }

  /** Takes a key out of the line; what is under way goes on. */
  delete(key: K): void {
    this.#due.delete(key);
  }

  /** Resolves when all that is under way now is over. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #advance(): void {
    for (const key of this.#due) {
      if (this.#underWay.size >= this.#options.max) break;
      this.#due.delete(key);
      const running = this.#options.run(key).finally(() => {
        this.#underWay.delete(running);
        this.#advance();
      });
      this.#underWay.add(running);
    }
    this.#options.onUnderWay(this.#underWay.size);
  }
}
