import { constants } from "node:http2";

/** Options of `BufferedBytes`. */
export interface BufferedBytesOptions {
  /** The most that all connections together may make us hold. */
  readonly maxBytes: number;
  /** Told of each connection that is closed because it holds the most when that is too much. */
  readonly onCut: (bytes: number) => void;
}

/** What can be closed: an HTTP/2 connection. */
export interface Cuttable {
  destroy(error: undefined, code: number): void;
}

/** Bytes that one thing takes: a request that is not whole yet, or an answer that was not taken yet. */
export interface Hold {
  /** Says anew how many they are. */
  set(bytes: number): void;
  /** They are free. Safe to call twice. */
  release(): void;
}

/**
 * The bytes that clients make us hold: requests of which the end has not come, answers that are not read.
 *
 * Why one bound for all and not one a stream or a connection: each of them must allow what an honest client needs, and
 * thousands of those together are more than any machine has. When it is too much, the connection that holds the most is
 * closed, as no honest one is; the others go on.
 */
export class BufferedBytes {
  readonly #options: BufferedBytesOptions;
  /** connection -> its account; only connections for which something is held. */
  readonly #accounts = new Map<Cuttable, Account>();
  /** bytes that several streams send -> how many of them hold it: memory has them once. */
  readonly #shared = new Map<object, number>();
  /** Connections that are about to be closed: what they still bring is not counted. */
  readonly #leaving = new WeakSet<Cuttable>();
  #total = 0;

  constructor(options: BufferedBytesOptions) {
    this.#options = options;
  }

  /** How many there are, shared ones counted once. */
  get total(): number {
    return this.#total;
  }

  /**
   * Counts bytes that a connection makes us hold, until they are released.
   *
   * @param shared what several streams send, the very same: counted once in the total, though to each connection in full.
   */
  hold(connection: Cuttable, bytes: number, shared?: object): Hold {
    const account = this.#accounts.get(connection) ?? { bytes: 0, holds: new Set() };
    const hold = new CountedHold(this, connection, account, shared);
    if (this.#leaving.has(connection)) hold.release();
    hold.set(bytes);
    return hold;
  }

  /** A hold changed. Called by holds alone. */
  change(connection: Cuttable, hold: CountedHold, by: number): void {
    const { account, shared } = hold;
    account.bytes += by;
    if (hold.bytes > 0) account.holds.add(hold);
    else account.holds.delete(hold);
    if (account.holds.size > 0) this.#accounts.set(connection, account);
    else if (this.#accounts.get(connection) === account) this.#accounts.delete(connection);
    if (!shared || this.#isOutermost(shared, by)) this.#total += by;
    if (by > 0 && this.#total > this.#options.maxBytes) this.#cut();
  }

  /** True for the first that holds it, and for the last that lets go. */
  #isOutermost(shared: object, by: number): boolean {
    const before = this.#shared.get(shared) ?? 0;
    const after = before + (by > 0 ? 1 : -1);
    if (after > 0) this.#shared.set(shared, after);
    else this.#shared.delete(shared);
    return Math.min(before, after) === 0;
  }

  #cut(): void {
    let worst: [Cuttable, Account] | undefined;
    for (const entry of this.#accounts) if (!worst || entry[1].bytes > worst[1].bytes) worst = entry;
    if (!worst) return;
    const [connection, account] = worst;
    this.#options.onCut(account.bytes);
    for (const hold of [...account.holds]) hold.release();
    this.#leaving.add(connection);
    // Not at once: this may be within what the HTTP/2 library does with that very connection, which does not survive its end.
    setImmediate(() => connection.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM));
  }
}

interface Account {
  bytes: number;
  readonly holds: Set<CountedHold>;
}

class CountedHold implements Hold {
  readonly #owner: BufferedBytes;
  readonly #connection: Cuttable;
  #bytes = 0;
  #released = false;

  constructor(
    owner: BufferedBytes,
    connection: Cuttable,
    readonly account: Account,
    readonly shared: object | undefined,
  ) {
    this.#owner = owner;
    this.#connection = connection;
  }

  get bytes(): number {
    return this.#bytes;
  }

  set(bytes: number): void {
    const by = bytes - this.#bytes;
    if (this.#released || by === 0) return;
    this.#bytes = bytes;
    this.#owner.change(this.#connection, this, by);
  }

  release(): void {
    this.set(0);
    this.#released = true;
  }
}
