import { type Command, Program, run } from "../../support/process/program.js";
import { inTools } from "./paths.js";

/** A call by grpcurl over plaintext. `flags` come before the address. */
export function grpcurlCommand(address: string, method: string, flags: readonly string[] = []): Command {
  return { file: inTools("bin/grpcurl"), args: ["-plaintext", ...flags, address, ...(method ? [method] : [])] };
}

/** Calls a unary method and answers its response. Throws with grpcurl's output when the call fails. */
export async function grpcurl<T = Record<string, unknown>>(
  address: string,
  method: string,
  request: object,
): Promise<T> {
  const { code, output } = await run(grpcurlCommand(address, method, ["-d", JSON.stringify(request)]));
  if (code !== 0) throw new Error(output);
  return JSON.parse(output) as T;
}

/** Calls a method that fails; answers its status code and what grpcurl prints of it. */
export async function grpcurlError(address: string, method: string, request: object): Promise<GrpcurlError> {
  const { code, output } = await run(grpcurlCommand(address, method, ["-format-error", "-d", JSON.stringify(request)]));
  if (code === 0) throw new Error(`this was expected to fail: ${output}`);
  return JSON.parse(output) as GrpcurlError;
}

/** google.rpc.Status as grpcurl prints it. */
export interface GrpcurlError {
  readonly code: number;
  readonly message: string;
  readonly details: readonly ({ readonly "@type": string } & Record<string, unknown>)[];
}

/** A streaming call; its responses are JSON objects over several lines. */
export class GrpcurlStream implements AsyncDisposable {
  readonly #program: Program;

  constructor(address: string, method: string, flags: readonly string[]) {
    this.#program = new Program(`grpcurl ${method}`, grpcurlCommand(address, method, flags));
  }

  /** Sends a request; the call was made with `-d @`. */
  send(request: object): void {
    this.#program.write(`${JSON.stringify(request)}\n`);
  }

  /** Half-closes; answers the exit code: 0 is OK. */
  async halfClose(): Promise<number | string> {
    this.#program.end();
    return await this.#program.exited;
  }

  /** The first `count` responses, as soon as they came. */
  async responses(count: number): Promise<Record<string, unknown>[]> {
    const enough = (lines: readonly string[]) => {
      const found = jsonObjects(lines);
      return found.length >= count ? found.slice(0, count) : undefined;
    };
    return await this.#program.until(enough, `${count} responses`);
  }

  /** Breaks the connection without a word. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.kill("SIGKILL");
  }
}

/** The complete objects in pretty-printed JSON: each begins and ends at the margin. */
function jsonObjects(lines: readonly string[]): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  let open: string[] = [];
  for (const line of lines) {
    if (line === "{}") found.push({});
    else open.push(line);
    if (line !== "}") continue;
    found.push(JSON.parse(open.join("\n")) as Record<string, unknown>);
    open = [];
  }
  return found;
}
