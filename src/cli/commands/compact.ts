import type { Command } from "commander";
import { CompactResponseSchema } from "../../../gen/portolan/admin/v1/admin_pb.js";
import { addPlaneCommand, type CommonOptions, runWithPlane, withOutput } from "../context.js";
import type { CliIo } from "../io.js";
import { parseRevision } from "../parse.js";

interface CompactOptions extends CommonOptions {
  readonly revision?: bigint;
}

/** Adds `compact`: forgets history. */
export function addCompact(program: Command, io: CliIo): void {
  const command = addPlaneCommand(program, "compact", "forget history; watchers that are behind get full sets").option(
    "--revision <revision>",
    "forget up to this one (default: all but what the retention keeps)",
    parseRevision,
  );
  withOutput(command).action((options: CompactOptions) =>
    runWithPlane(io, options, async ({ plane, out }) => {
      const response = await plane.admin.compact({ revision: options.revision ?? 0n });
      await out.result(CompactResponseSchema, response, () => `history is kept from r${response.oldestRevision} on\n`);
    }),
  );
}
