import { open, rename, rm } from "node:fs/promises";
import type { Command } from "commander";
import { addPlaneCommand, type CommonOptions, type Context, runWithPlane } from "../context.js";
import { CliError } from "../errors.js";
import { EXIT } from "../exit-codes.js";
import { formatBytes } from "../format.js";
import type { CliIo } from "../io.js";

/** Adds `backup`: a consistent copy of the state in a file. */
export function addBackup(program: Command, io: CliIo): void {
  addPlaneCommand(program, "backup", "write a consistent copy of the state, which `portolan restore` reads")
    .argument("<file>", 'where to; "-" means stdout')
    .action((file: string, options: CommonOptions) => runWithPlane(io, options, (context) => backup(context, file)));
}

async function backup(context: Context, file: string): Promise<void> {
  const { plane, out } = context;
  const { revision } = await plane.admin.getInfo({});
  const bytes = file === "-" ? await copy(context, (chunk) => out.write(chunk)) : await writeFile(context, file);
  out.say(`${file === "-" ? "stdout" : file}: ${formatBytes(bytes)}, everything up to r${revision}`);
}

/** Writes beside the file first, so that what stands under its name is always whole. */
async function writeFile(context: Context, file: string): Promise<number> {
  const partial = `${file}.partial`;
  const handle = await open(partial, "wx").catch((error: NodeJS.ErrnoException) => {
    throw new CliError(explainOpen(error, partial), EXIT.failed, { cause: error });
  });
  try {
    const bytes = await copy(context, async (chunk) => void (await handle.writeFile(chunk)));
    await handle.sync();
    await handle.close();
    await rename(partial, file);
    return bytes;
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}

/** Copies every chunk; a stream that breaks before its end throws. @returns how many bytes. */
async function copy(context: Context, write: (chunk: Uint8Array) => Promise<void>): Promise<number> {
  let bytes = 0;
  for await (const { chunk } of context.plane.admin.backup({}, { timeoutMs: 0 })) {
    await write(chunk);
    bytes += chunk.byteLength;
  }
  if (bytes === 0) throw new CliError("the control plane sent an empty backup: look into its log", EXIT.failed);
  return bytes;
}

function explainOpen(error: NodeJS.ErrnoException, partial: string): string {
  if (error.code === "EEXIST") return `${partial} exists: another backup is writing it, or one died; remove it then`;
  return `cannot write ${partial}: ${error.code ?? error.message}`;
}
