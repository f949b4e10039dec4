/** One registered instance as a test sees it. */
export interface Seen {
  readonly modRevision: bigint;
  /** What its writer put: every field that a writer varies, in one text. */
  readonly content: string;
}

/** "service/id" -> the instance; absent when it is not registered. */
export type Catalogue = ReadonlyMap<string, Seen>;

/** What a write makes of each of its keys: their content, undefined where it takes them away. */
export type Effect = ReadonlyMap<string, string | undefined>;

/** The writes of one writer, who asks for the next one when the last was answered. */
export class Book {
  /** key -> its last answered write. */
  readonly #answered = new Map<string, { readonly revision: bigint; readonly content: string | undefined }>();
  #pending: Effect | undefined;
  #answers = 0;
  #revision = 0n;

  /** How many writes were answered. */
  get answers(): number {
    return this.#answers;
  }

  /** The highest revision that an answer named. */
  get revision(): bigint {
    return this.#revision;
  }

  /** Writes, and notes what is answered; rejects as the write does. A write that fails may have happened. */
  async write(effect: Effect, call: () => Promise<{ readonly revision: bigint }>): Promise<void> {
    this.#pending = effect;
    const { revision } = await call();
    this.#take(effect, revision);
    this.#answers++;
  }

  /** Notes that the last write was refused before anything happened. */
  refused(): void {
    this.#pending = undefined;
  }

  /**
   * Compares with what a plane holds after it was killed: each key as its last answered write left it, unless the write that
   * was under way happened, and then on all of its keys.
   *
   * @returns what is wrong, a line each.
   */
  check(found: Catalogue): string[] {
    const pending = this.#pending;
    this.#pending = undefined;
    const faults = this.#differences(found, pending ?? new Map());
    if (!pending) return faults;
    const happened = [...pending].filter(([key, content]) => this.#happened(key, content, found));
    if (happened.length !== 0 && happened.length !== pending.size)
      faults.push(`a write of ${pending.size} keys happened on ${happened.map(([key]) => key)} only`);
    if (happened.length === 0) return [...faults, ...this.#differences(found, new Map())];
    const revisions = new Set([...pending.keys()].map((key) => found.get(key)?.modRevision));
    if (revisions.size !== 1) faults.push(`one write has the revisions ${[...revisions]}`);
    const [revision = 0n] = revisions;
    for (const [key, content] of pending) this.#answered.set(key, { revision: revision ?? 0n, content });
    return faults;
  }

  #take(effect: Effect, revision: bigint): void {
    this.#pending = undefined;
    if (revision > this.#revision) this.#revision = revision;
    for (const [key, content] of effect) this.#answered.set(key, { revision, content });
  }

  #happened(key: string, content: string | undefined, found: Catalogue): boolean {
    const seen = found.get(key);
    const before = this.#answered.get(key);
    if (content === undefined) return seen === undefined && before?.content !== undefined;
    return seen?.content === content && seen.modRevision !== before?.revision;
  }

  #differences(found: Catalogue, but: Effect): string[] {
    return [...this.#answered].flatMap(([key, { revision, content }]) => {
      if (but.has(key)) return [];
      const seen = found.get(key);
      if (seen?.content === content && (content === undefined || seen?.modRevision === revision)) return [];
      const holds = seen ? `${seen.content} at ${seen.modRevision}` : "nothing";
      return [`${key} was answered ${content} at ${revision}, and there is ${holds}`];
    });
  }
}
