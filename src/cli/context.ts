import { type Command, InvalidArgumentError, Option } from "commander";
import { parseDuration } from "./duration.js";
import { explain } from "./errors.js";
import type { CliIo } from "./io.js";
import { FORMATS, type Format, Output, ReaderGone } from "./output.js";
import { createPalette, type Palette } from "./palette.js";
import { DEFAULT_SERVER, openPlane, type Plane, parseServer } from "./plane.js";

/** What a command that talks to the control plane works with. */
export interface Context {
  readonly io: CliIo;
  readonly plane: Plane;
  readonly out: Output;
  readonly palette: Palette;
  /** The namespace chosen with -n; empty means "default". */
  readonly namespace: string;
  readonly timeoutMs: number;
}

/** The options that every command takes which talks to the control plane. */
export interface CommonOptions {
  readonly server?: string;
  readonly timeout: number;
  readonly namespace?: string;
  readonly output?: Format;
}

/** Timers wait no longer than some hours more than this. */
const MAX_TIMEOUT_MS = 24 * 86_400_000;

/** Adds a command that talks to the control plane, with --server and --timeout. */
export function addPlaneCommand(program: Command, nameAndArguments: string, summary: string): Command {
  return program
    .command(nameAndArguments)
    .description(summary)
    .option(
      "--server <address>",
      `gRPC address of the control plane (PORTOLAN_SERVER, default ${DEFAULT_SERVER})`,
      checkServer,
    )
    .addOption(
      new Option("--timeout <duration>", "how long one call may take").argParser(parseTimeout).default(10_000, "10s"),
    );
}

/** Adds -n to a command. */
export function withNamespace(command: Command, meaning = "the namespace (default: default)"): Command {
  return command.option("-n, --namespace <name>", meaning);
}

/** Adds -o to a command. */
export function withOutput(command: Command): Command {
  return command.addOption(new Option("-o, --output <format>", "how to print").choices(FORMATS).default("table"));
}

/** Runs a command's body; what it throws becomes one line on stderr and an exit code. */
export async function runWithPlane(
  io: CliIo,
  options: CommonOptions,
  body: (context: Context) => Promise<void>,
): Promise<void> {
  const server = options.server ?? (io.env.PORTOLAN_SERVER || DEFAULT_SERVER);
  try {
    using plane = openPlane({ server, timeoutMs: options.timeout });
    await body({
      io,
      plane,
      out: new Output(io, options.output ?? "table"),
      palette: createPalette(io),
      namespace: options.namespace ?? "",
      timeoutMs: options.timeout,
    });
  } catch (error) {
    if (!(error instanceof ReaderGone)) reportError(io, error, server);
  }
}

/** Says what went wrong in one line on stderr, and sets the exit code. */
export function reportError(io: CliIo, error: unknown, address: string): void {
  const { line, exitCode } = explain(error, address);
  io.stderr.write(`portolan: ${line}\n`);
  io.setExitCode(exitCode);
}

/** A signal that aborts at Ctrl-C (or SIGTERM, SIGHUP), for commands that end in an orderly way then. A second one kills. */
export function interruption(io: CliIo): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const stop = io.onSignal(() => {
    controller.abort();
    stop();
  });
  return { signal: controller.signal, [Symbol.dispose]: () => stop() };
}

function checkServer(text: string): string {
  parseServer(text);
  return text;
}

function parseTimeout(text: string): number {
  const ms = parseDuration(text);
  if (ms === 0) throw new InvalidArgumentError("it must be longer than 0.");
  if (ms > MAX_TIMEOUT_MS) throw new InvalidArgumentError("it must be 24d or shorter.");
  return ms;
}
