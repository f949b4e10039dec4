import { type Command, Program } from "../../support/process/program.js";

/** A call as it ended. */
export interface Call {
  /** "OK", or a code as the language spells it. */
  readonly code: string;
  /** The id of the server that answered; empty when none did. */
  readonly from: string;
  /** Why it failed, for people. */
  readonly error: string;
}

/** So many calls in a row tell who answers. */
const WINDOW = 16;

/** A program that calls a greeter over and over. */
export class Caller implements AsyncDisposable {
  readonly #program: Program;
  readonly #calls: Call[] = [];
  #read = 0;

  constructor(name: string, command: Command) {
    this.#program = new Program(name, command);
  }

  /** All its calls until now. */
  get calls(): readonly Call[] {
    for (const { lines } = this.#program; this.#read < lines.length; this.#read++) {
      const line = lines[this.#read] ?? "";
      if (line.startsWith('{"')) this.#calls.push(toCall(line));
    }
    return this.#calls;
  }

  /** Its calls from index `mark` on that failed. */
  failures(mark = 0): Call[] {
    return this.calls.slice(mark).filter(({ code }) => code !== "OK");
  }

  /** Waits until its calls from now on are as `look` wants them. @param wanted what that is, for people. */
  async until(look: (calls: readonly Call[]) => boolean, wanted: string): Promise<void> {
    const mark = this.calls.length;
    await this.#program.until(() => (look(this.calls.slice(mark)) ? true : undefined), wanted);
  }

  /** Waits until so many more calls ended; answers them. */
  async next(count: number): Promise<Call[]> {
    const mark = this.calls.length;
    await this.until((calls) => calls.length >= count, `${count} calls`);
    return this.calls.slice(mark);
  }

  /** Waits until a call succeeds. */
  async succeeds(): Promise<void> {
    await this.until((calls) => calls.some(({ code }) => code === "OK"), "a call that succeeds");
  }

  /** Waits until a call fails. */
  async fails(): Promise<void> {
    await this.until((calls) => calls.some(({ code }) => code !== "OK"), "a call that fails");
  }

  /** Waits until all its calls fail. */
  async failsAlways(): Promise<void> {
    await this.#last((calls) => calls.every(({ code }) => code !== "OK"), "calls that all fail");
  }

  /** Waits until these servers, and no others, answer all its calls. */
  async isAnsweredBy(ids: readonly string[]): Promise<void> {
    const wanted = [...ids].sort().join();
    const look = (calls: readonly Call[]) =>
      calls.every(({ code }) => code === "OK") && answerers(calls).join() === wanted;
    await this.#last(look, `answers of ${wanted} alone`);
  }

  /** Waits until the last few of its calls from now on are as `look` wants them. */
  async #last(look: (calls: readonly Call[]) => boolean, wanted: string): Promise<void> {
    await this.until((calls) => calls.length >= WINDOW && look(calls.slice(-WINDOW)), wanted);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

/** Ids of the servers that answered, sorted. */
export function answerers(calls: readonly Call[]): string[] {
  return [...new Set(calls.map(({ from }) => from))].filter((from) => from !== "").sort();
}

function toCall(line: string): Call {
  const { code, reply, error } = JSON.parse(line) as { code: string; reply: string; error: string };
  return { code, error, from: / from (\S+) /.exec(reply)?.[1] ?? "" };
}
