import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { CliError } from "../errors.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import type { CliIo, HeardSignal } from "../io.js";

/** A command that runs under ours. */
export interface Child {
  /** Resolves when it ended: its own code, or 128 and the number of the signal that killed it, as shells say. */
  readonly ended: Promise<ExitCode>;
  /** Asks it to end. */
  stop(): void;
}

/**
 * Starts a command with our stdin, stdout and stderr, and passes signals on to it.
 *
 * @throws CliError `EXIT.commandNotFound` when it cannot be started.
 */
export async function startChild(io: CliIo, command: readonly string[]): Promise<Child> {
  const [file = "", ...args] = command;
  const child = spawn(file, args, { stdio: "inherit", env: io.env });
  const ended = once(child, "exit").then(([code, signal]) => exitCodeOf(code, signal));
  const stopListening = io.onSignal((signal) => forward(io, child, signal));
  void ended.then(stopListening, stopListening);
  try {
    await once(child, "spawn");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new CliError(`cannot start ${file}: ${code}`, EXIT.commandNotFound, { cause: error });
  }
  return { ended, stop: () => void child.kill("SIGTERM") };
}

/** On a terminal the child already got Ctrl-C and the hang-up: twice would mean "at once" to many programs. */
function forward(io: CliIo, child: ChildProcess, signal: HeardSignal): void {
  if (!(io.stdinIsTTY && signal !== "SIGTERM")) child.kill(signal);
}

function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): ExitCode {
  return code ?? 128 + (signal ? constants.signals[signal] : 0);
}
