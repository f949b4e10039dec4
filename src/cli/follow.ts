import { formatDuration } from "./duration.js";
import { explainLoss, isTransient } from "./errors.js";
import type { CliIo } from "./io.js";
import { Backoff, pause } from "./retry.js";

/** A stream that is to go on whatever happens to its connection. */
export interface FollowOptions<T> {
  readonly io: Pick<CliIo, "clock" | "random">;
  /** The control plane's, for remarks. */
  readonly address: string;
  /** Ends it all, without an error. */
  readonly signal: AbortSignal;
  /** Opens the stream, from where the last one ended. */
  readonly open: (signal: AbortSignal) => AsyncIterable<T>;
  /** Takes one message; true ends it all. */
  readonly onMessage: (message: T) => Promise<boolean>;
  /** A stream that says nothing for so long counts as dead, in milliseconds; absent means that silence is fine. */
  readonly silenceMs?: number;
  /** Remarks on the connection, for people. */
  readonly say: (line: string) => void;
  /** False gives up at the first failure. Default true: it goes on, once the control plane answered for the first time. */
  readonly reconnect?: boolean;
}

/**
 * Reads a stream, and opens it again with growing waits whenever it ends or breaks.
 *
 * connecting -> reading -> (ended: returned | lost: waiting -> connecting)
 *
 * @throws what the stream throws, if it cannot pass by itself or if nobody ever answered.
 */
export async function follow<T>(options: FollowOptions<T>): Promise<void> {
  const backoff = new Backoff(options.io.random);
  let answered = false;
  let lost = false;
  const onAnswer = () => {
    if (lost) options.say(`connected to ${options.address} again`);
    answered = true;
    lost = false;
    backoff.reset();
  };
  while (!options.signal.aborted) {
    const end = await readOnce(options, onAnswer);
    if (end.kind === "done") return;
    const mayRetry = answered && options.reconnect !== false;
    if (end.kind === "failed" && !(mayRetry && isTransient(end.error))) throw end.error;
    if (!mayRetry) return;
    if (!lost) options.say(describeEnd(end, options.address));
    lost = true;
    await pause(options.io.clock, backoff.next(), options.signal);
  }
}

/** How one connection's reading ended. */
type End =
  /** The reader had enough. */
  | { readonly kind: "done" }
  /** The server ended the stream. */
  | { readonly kind: "closed" }
  | { readonly kind: "silent"; readonly afterMs: number }
  | { readonly kind: "failed"; readonly error: unknown };

async function readOnce<T>(options: FollowOptions<T>, onAnswer: () => void): Promise<End> {
  using watchdog = new Watchdog(options);
  try {
    for await (const message of options.open(watchdog.signal)) {
      // How long printing takes is the reader's affair.
      watchdog.rest();
      onAnswer();
      if (await options.onMessage(message)) return { kind: "done" };
      watchdog.arm();
    }
    return options.signal.aborted ? { kind: "done" } : { kind: "closed" };
  } catch (error) {
    if (options.signal.aborted) return { kind: "done" };
    if (watchdog.bitten) return { kind: "silent", afterMs: options.silenceMs ?? 0 };
    return { kind: "failed", error };
  }
}

function describeEnd(end: End, address: string): string {
  if (end.kind === "failed") return explainLoss(end.error, address);
  const what = end.kind === "silent" ? `said nothing for ${formatDuration(end.afterMs)}` : "ended the stream";
  return `${address} ${what}; trying again`;
}

/** Aborts its signal with the options' one, at its own end, and after `silenceMs` of silence. */
class Watchdog implements Disposable {
  readonly #options: Pick<FollowOptions<unknown>, "io" | "signal" | "silenceMs">;
  readonly #controller = new AbortController();
  readonly #abort = () => this.#controller.abort();
  #cancel = () => {};
  #bitten = false;

  constructor(options: Pick<FollowOptions<unknown>, "io" | "signal" | "silenceMs">) {
    this.#options = options;
    options.signal.addEventListener("abort", this.#abort);
    this.arm();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** True once silence was the reason for aborting. */
  get bitten(): boolean {
    return this.#bitten;
  }

  /** Silence does not count until `arm`. */
  rest(): void {
    this.#cancel();
  }

  /** The silence begins. */
  arm(): void {
    if (this.#options.silenceMs === undefined) return;
    const timer = this.#options.io.clock.after(this.#options.silenceMs, () => {
      this.#bitten = true;
      this.#abort();
    });
    this.#cancel = () => timer.cancel();
  }

  [Symbol.dispose](): void {
    this.#cancel();
    this.#options.signal.removeEventListener("abort", this.#abort);
    this.#abort();
  }
}
