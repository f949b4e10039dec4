import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** What to run. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** Set beside the variables that we have. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How long a program may take to say what is waited for, or to end; longer and the wait fails, with what it said. */
const PATIENCE_MS = 30_000;

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
    const env = { ...process.env, ...command.env };
    this.#child = spawn(command.file, command.args, { stdio: ["pipe", "pipe", "pipe"], env });
    this.#exited = this.#ended();
    this.#child.stdin?.on("error", () => undefined); // who has ended reads no more: `exited` tells how
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) createInterface({ input: stream }).on("line", (line) => this.#hear(line));
    }
  }

  /** Its process id; 0 when it could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0;
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

  /**
   * What `look` finds in the lines, as soon as it finds something. Rejects when the program ends without it, or does not
   * say it in time.
   */
  async until<T>(look: (lines: readonly string[]) => T | undefined, wanted: string): Promise<T> {
    let ended = false;
    const end = this.#exited.then(() => {
      ended = true;
    });
    const patience = createPatience();
    try {
      for (;;) {
        const found = look(this.lines);
        if (found !== undefined) return found;
        if (ended) throw this.#failure(`ended without ${wanted}`);
        if (patience.over) throw this.#failure(`has not said ${wanted} within ${PATIENCE_MS / 1000} s`);
        await Promise.race([this.#nextLine(), end, patience.end]);
      }
    } finally {
      patience.cancel();
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

  /** Sends a signal and waits for nothing. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends a signal and answers how it ended. Rejects when it does not end in time. */
  async kill(signal: "SIGTERM" | "SIGKILL"): Promise<number | string> {
    this.#child.kill(signal);
    const patience = createPatience();
    try {
      const ended = await Promise.race([this.#exited, patience.end]);
      if (ended === undefined) throw this.#failure(`has not ended within ${PATIENCE_MS / 1000} s of ${signal}`);
      return ended;
    } finally {
      patience.cancel();
    }
  }

  /** Kills it when it is still running. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill("SIGKILL");
  }

  async #ended(): Promise<number | string> {
    const [code, signal] = (await once(this.#child, "close")) as [number | null, string | null];
    return code ?? signal ?? "unknown";
  }

  #failure(what: string): Error {
    return new Error(`${this.name} ${what}:\n${this.lines.slice(-200).join("\n")}`);
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

function createPatience(): { readonly over: boolean; readonly end: Promise<undefined>; cancel(): void } {
  let over = false;
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      over = true;
      resolve(undefined);
    }, PATIENCE_MS);
  });
  return {
    get over() {
      return over;
    },
    end,
    cancel: () => clearTimeout(timer),
  };
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
