import { Writable } from "node:stream";
import { Command } from "commander";
import { addCommands, type CliClock, type CliIo, type HeardSignal, runProgram } from "../../src/cli/index.js";

/** A stream that keeps what was written, and tells when something awaited was. */
export class Capture extends Writable {
  text = "";
  readonly #waiting = new Set<() => void>();

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    for (const look of [...this.#waiting]) look();
    done();
  }

  /** Resolves with the match as soon as the text has one; begins at `from`. */
  until(pattern: RegExp, from = 0): Promise<RegExpMatchArray> {
    return new Promise((resolve) => {
      const look = () => {
        const match = this.text.slice(from).match(pattern);
        if (!match) return;
        this.#waiting.delete(look);
        resolve(match);
      };
      this.#waiting.add(look);
      look();
    });
  }
}

/** A command's world, seen from a test. */
export class FakeIo implements CliIo {
  readonly stdout = new Capture();
  readonly stderr = new Capture();
  readonly env: Record<string, string | undefined>;
  readonly clock: CliClock;
  isTTY = false;
  stdinIsTTY = false;
  exitCode = 0;
  readonly #listeners = new Set<(signal: HeardSignal) => void>();

  constructor(options: { readonly clock?: CliClock; readonly env?: Record<string, string | undefined> } = {}) {
    this.env = options.env ?? {};
    this.clock = options.clock ?? realClock;
  }

  readonly random = () => 0;

  setExitCode(code: number): void {
    this.exitCode = code;
  }

  onSignal(listener: (signal: HeardSignal) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** How many hear signals now. */
  get listeners(): number {
    return this.#listeners.size;
  }

  /** Sends a signal, as a terminal does. */
  send(signal: HeardSignal): void {
    for (const listener of [...this.#listeners]) listener(signal);
  }

  /** Runs a command line to its end. */
  async run(...words: string[]): Promise<void> {
    const program = new Command("portolan");
    addCommands(program, this);
    await runProgram(program, ["node", "portolan", ...words], this);
  }
}

const realClock: CliClock = {
  wallMs: () => Date.now(),
  after(delayMs, run) {
    const timeout = setTimeout(run, delayMs);
    return { cancel: () => clearTimeout(timeout) };
  },
};
