import { type Command, CommanderError } from "commander";
import { addBackup } from "./commands/backup.js";
import { addCompact } from "./commands/compact.js";
import { addDeregister } from "./commands/deregister.js";
import { addDrain } from "./commands/drain.js";
import { addEvents } from "./commands/events.js";
import { addInstances } from "./commands/instances.js";
import { addLogs } from "./commands/logs.js";
import { addOverride } from "./commands/override.js";
import { addProtos } from "./commands/protos.js";
import { addRegister } from "./commands/register.js";
import { addResolve } from "./commands/resolve.js";
import { addServices } from "./commands/services.js";
import { addStatus } from "./commands/status.js";
import { addWatch } from "./commands/watch.js";
import { addXds } from "./commands/xds.js";
import { EXIT } from "./exit-codes.js";
import type { CliIo } from "./io.js";

const COMMANDS = [
  addRegister,
  addDeregister,
  addDrain,
  addOverride,
  addResolve,
  addWatch,
  addServices,
  addInstances,
  addStatus,
  addLogs,
  addEvents,
  addXds,
  addBackup,
  addCompact,
  addProtos,
];

/** Adds every command that talks to a control plane, and `protos`, to the program. Nothing runs before it is parsed. */
export function addCommands(program: Command, io: CliIo): void {
  // The program's own --version would otherwise swallow that of `register`.
  program.enablePositionalOptions();
  for (const add of COMMANDS) add(program, io);
}

/**
 * Parses a command line and runs what it names. Resolves when that is done; the exit code is set through `io`.
 *
 * Faults of the command line are one line on stderr and `EXIT.usage`; it never ends the process.
 *
 * @param argv as `process.argv`: the words begin at the third.
 */
export async function runProgram(program: Command, argv: readonly string[], io: CliIo): Promise<void> {
  quieten(program, io);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) io.setExitCode(EXIT.usage);
  }
}

/** Errors as exceptions instead of `process.exit`, and in one line; of a command and of all below it. */
function quieten(command: Command, io: CliIo): void {
  for (const below of command.commands) quieten(below, io);
  command.exitOverride().configureOutput({
    writeOut: (text) => void io.stdout.write(text),
    writeErr: (text) => void io.stderr.write(text),
    outputError: (text, write) =>
      write(
        `${text
          .replace(/^error: /, "portolan: ")
          .trim()
          .replace(/\s*\n\s*/g, " ")}\n`,
      ),
  });
}
