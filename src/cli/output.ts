import { once } from "node:events";
import type { Writable } from "node:stream";
import { type DescMessage, type JsonValue, type MessageShape, toJson } from "@bufbuild/protobuf";
import { stringify } from "yaml";

/** How a command prints: for people, or one of two for programs. */
export const FORMATS = ["table", "json", "yaml"] as const;

/** One of `FORMATS`. */
export type Format = (typeof FORMATS)[number];

/** Nobody reads stdout any more (`portolan watch x | head -1`): a reason to end, not a failure. */
export class ReaderGone extends Error {
  override readonly name = "ReaderGone";
}

/** Where a command's words go: results to stdout, in the format chosen, and remarks to stderr. */
export class Output {
  readonly #stdout: Writable;
  readonly #stderr: Writable;
  #failure: Error | undefined;

  constructor(
    streams: { readonly stdout: Writable; readonly stderr: Writable },
    /** The format chosen with -o. */
    readonly format: Format,
  ) {
    this.#stdout = streams.stdout;
    this.#stderr = streams.stderr;
    // Stays for good: a write may fail after the command is done.
    this.#stdout.on("error", (error: NodeJS.ErrnoException) => {
      this.#failure ??= error.code === "EPIPE" ? new ReaderGone("stdout was closed", { cause: error }) : error;
    });
  }

  /**
   * Writes to stdout as it is; resolves when the reader keeps up.
   *
   * @throws ReaderGone when stdout was closed, or the error that made it fail.
   */
  async write(chunk: string | Uint8Array): Promise<void> {
    if (!this.#failure && !this.#stdout.write(chunk)) await once(this.#stdout, "drain").catch(() => undefined);
    if (this.#failure) throw this.#failure;
  }

  /** One line on stderr: what the command does, apart from its result. */
  say(line: string): void {
    this.#stderr.write(`${line}\n`);
  }

  /** A whole result: the message for programs, what `table` makes of it for people. */
  async result<Desc extends DescMessage>(
    schema: Desc,
    message: MessageShape<Desc>,
    table: () => string,
  ): Promise<void> {
    await this.json(() => messageJson(schema, message), table);
  }

  /** As `result`, for what is no single message. */
  async json(value: () => JsonValue, table: () => string): Promise<void> {
    if (this.format === "table") await this.write(table());
    else if (this.format === "json") await this.write(`${JSON.stringify(value(), null, 2)}\n`);
    else await this.write(stringify(value()));
  }

  /** One of many results: a line of JSON, a YAML document, or lines for people. */
  async item<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>, text: () => string): Promise<void> {
    if (this.format === "table") await this.write(text());
    else if (this.format === "json") await this.write(`${JSON.stringify(messageJson(schema, message))}\n`);
    else await this.write(`---\n${stringify(messageJson(schema, message))}`);
  }
}

/** The protobuf JSON form, with the values that are zero or empty too: programs need not know defaults. */
export function messageJson<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): JsonValue {
  return toJson(schema, message, { alwaysEmitImplicit: true });
}
