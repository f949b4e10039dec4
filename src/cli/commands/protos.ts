import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { reportError } from "../context.js";
import { CliError } from "../errors.js";
import { EXIT } from "../exit-codes.js";
import type { CliIo } from "../io.js";

/** What lies on disk, and no API: nobody generates stubs of it. */
const PRIVATE_PACKAGE = join("portolan", "store");

interface ProtosOptions {
  readonly out: string;
}

/** Adds `protos`: writes the API's .proto files, for plain protoc. Needs no control plane. */
export function addProtos(program: Command, io: CliIo): void {
  program
    .command("protos")
    .description("write the API's .proto files, to generate stubs with plain protoc")
    .requiredOption("--out <directory>", "where to; made when it is not there")
    .action(async (options: ProtosOptions) => {
      try {
        await writeProtos(io, options.out);
      } catch (error) {
        reportError(io, error, "");
      }
    });
}

async function writeProtos(io: CliIo, directory: string): Promise<void> {
  const source = findProtos(dirname(fileURLToPath(import.meta.url)));
  for (const file of (await readdir(source, { recursive: true })).filter(isPublicProto).sort()) {
    const target = join(directory, file);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(join(source, file), target);
    io.stdout.write(`${target}\n`);
  }
}

function isPublicProto(path: string): boolean {
  return path.endsWith(".proto") && !path.startsWith(PRIVATE_PACKAGE);
}

/** The package's own `proto/`: some folders up, fewer from the source than from what is built of it. */
function findProtos(from: string): string {
  const candidate = join(from, "proto");
  if (existsSync(join(candidate, "portolan"))) return candidate;
  if (dirname(from) === from) throw new CliError("the package lacks its proto folder: install it again", EXIT.failed);
  return findProtos(dirname(from));
}
