import { open } from "node:fs/promises";
import type { Command } from "commander";
import { type CliIo, EXIT, formatCount } from "../cli/index.js";
import { SETTINGS, variableOf } from "../config.js";
import type { Restored } from "../store/index.js";

const WHY: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "this user may not read it",
};

/** Adds `portolan restore`: a backup file becomes a store, with no server running. */
export function addRestore(program: Command, io: CliIo, stdin: AsyncIterable<Uint8Array>): void {
  const { dataDir } = SETTINGS;
  program
    .command("restore")
    .description("make a store of a backup, in an empty directory; no server needs to run")
    .argument("<backup>", "the file that `portolan backup` wrote, or - for standard input")
    .option(
      `--${dataDir.name} <directory>`,
      `where the store is to lie; empty or absent`,
      io.env[variableOf(dataDir)] ?? dataDir.default,
    )
    .option(
      "--revision-bump <count>",
      "added to the backup's revision, so that watches which saw more begin again",
      "0",
    )
    .action(async (backup: string, options: { readonly dataDir: string; readonly revisionBump: string }) => {
      io.setExitCode(await restore(backup === "-" ? stdin : chunksOf(backup), options, io));
    });
}

async function restore(
  input: AsyncIterable<Uint8Array>,
  options: { readonly dataDir: string; readonly revisionBump: string },
  io: CliIo,
): Promise<number> {
  if (!/^\d{1,18}$/.test(options.revisionBump)) {
    io.stderr.write(`portolan: --revision-bump must be a whole number, not ${options.revisionBump}\n`);
    return EXIT.usage;
  }
  // Loaded here, so that commands which only ask a server start without it.
  const { restoreBackup, StoreOpenError } = await import("../store/index.js");
  try {
    const { dataDir } = options;
    const restored = await restoreBackup({ input, dataDir, revisionBump: BigInt(options.revisionBump) });
    io.stdout.write(`restored revision ${restored.revision} (${contentsOf(restored)}) into ${dataDir}\n`);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof StoreOpenError)) throw error;
    io.stderr.write(`portolan: ${error.message}\n`);
    return EXIT.failed;
  }
}

/** "3 services, 4 instances, 1 session". */
function contentsOf({ services, instances, sessions }: Restored): string {
  return [formatCount(services, "service"), formatCount(instances, "instance"), formatCount(sessions, "session")].join(
    ", ",
  );
}

/** Opened when it is read, so that a file that is not there is an error of the reading. */
async function* chunksOf(file: string): AsyncGenerator<Uint8Array> {
  const handle = await open(file).catch(async (error: NodeJS.ErrnoException) => {
    const { StoreOpenError } = await import("../store/index.js");
    const why = WHY[error.code ?? ""] ?? error.message;
    throw new StoreOpenError("IO", `the backup ${file} cannot be read, because ${why}`, { cause: error });
  });
  yield* handle.createReadStream();
}
