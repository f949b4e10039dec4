import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** What to run. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** A child process whose output is read line by line. */
export class Program implements AsyncDisposable {
  /** Every line of its standard output, then of its standard error, as they came. */
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | string>;
  readonly #heard = new Set<() => void>();

  constructor(
    readonly name: string,
    command: Command,
  ) {
    this.#child = spawn(command.file, command.args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#exited = this.#ended();
    this.#child.stdin?.on("error", () => undefined); // who has ended reads no more: `exited` tells how
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) createInterface({ input: stream }).on("line", (line) => this.#hear(line));
    }
  }

  /** Its exit code, or the signal that ended it, once it ended and all its output was read. */
  get exited(): Promise<number | string> {
    return this.#exited;
  }

  /** The first line from index `after` on that matches; waits for it. Rejects when the program ends without it. */
  async line(pattern: RegExp | string, after = 0): Promise<string> {
    const found = await this.until((lines) => lines.slice(after).find((line) => matches(line, pattern)), `${pattern}`);
    return found;
  }

  /** What `look` finds in the lines, as soon as it finds something. Rejects when the program ends without it. */
  async until<T>(look: (lines: readonly string[]) => T | undefined, wanted: string): Promise<T> {
    let ended = false;
    const end = this.#exited.then(() => {
      ended = true;
    });
    for (;;) {
      const found = look(this.lines);
      if (found !== undefined) return found;
      if (ended) throw new Error(`${this.name} ended without ${wanted}:\n${this.lines.join("\n")}`);
      await Promise.race([this.#nextLine(), end]);
    }
  }

  /** Writes to its standard input. */
  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Ends its standard input. */
  end(): void {
    this.#child.stdin?.end();
  }

  /** Sends a signal and answers how it ended. */
  async kill(signal: "SIGTERM" | "SIGKILL"): Promise<number | string> {
    this.#child.kill(signal);
    return await this.#exited;
  }

  /** Kills it when it is still running. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill("SIGKILL");
  }

  async #ended(): Promise<number | string> {
    const [code, signal] = (await once(this.#child, "close")) as [number | null, string | null];
    return code ?? signal ?? "unknown";
  }

  #hear(line: string): void {
    this.lines.push(line);
    for (const wake of this.#heard) wake();
    this.#heard.clear();
  }

  #nextLine(): Promise<void> {
    return new Promise((resolve) => this.#heard.add(resolve));
  }
}

/** Runs a command to its end. */
export async function run(command: Command): Promise<{ code: number | string; output: string }> {
  const program = new Program(command.file, command);
  program.end();
  const code = await program.exited;
  return { code, output: program.lines.join("\n") };
}

function matches(line: string, pattern: RegExp | string): boolean {
  return typeof pattern === "string" ? line === pattern : pattern.test(line);
}
