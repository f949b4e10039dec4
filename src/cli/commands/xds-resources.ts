import { create } from "@bufbuild/protobuf";
import type { Command } from "commander";
import { ListXdsResourcesResponseSchema, type XdsResource } from "../../../gen/portolan/admin/v1/admin_pb.js";
import { addPlaneCommand, type CommonOptions, type Context, runWithPlane, withOutput } from "../context.js";
import { CliError } from "../errors.js";
import { EXIT } from "../exit-codes.js";
import { orNothing } from "../format.js";
import type { CliIo } from "../io.js";
import { collect, everyItem } from "../pages.js";
import type { Palette } from "../palette.js";
import { formatTable } from "../table.js";

/** Adds `xds resources`: what one client has of each resource. */
export function addXdsResources(program: Command, io: CliIo): void {
  const command = addPlaneCommand(program, "resources <node>", "show what a client was sent, took and refused");
  withOutput(command).action((node: string, options: CommonOptions) =>
    runWithPlane(io, options, (context) => list(context, node)),
  );
}

async function list({ plane, out, palette }: Context, node: string): Promise<void> {
  const resources = await collect(
    everyItem(async (page) => {
      const response = await plane.admin.listXdsResources({ node, ...page });
      return { items: response.resources, nextPageToken: response.nextPageToken };
    }),
  );
  if (resources.length === 0) {
    throw new CliError(
      `${node} is not connected, or asked for nothing; \`portolan xds clients\` lists who is`,
      EXIT.notFound,
    );
  }
  const whole = create(ListXdsResourcesResponseSchema, { resources });
  await out.result(ListXdsResourcesResponseSchema, whole, () => formatResources(resources, palette));
}

function formatResources(resources: readonly XdsResource[], palette: Palette): string {
  const header = ["ADDRESS", "TYPE", "NAME", "VERSION", "SENT", "TOOK", "STATE"];
  const rows = resources.map((one) => [
    one.address,
    one.type,
    one.name,
    orNothing(one.version),
    orNothing(one.sentVersion),
    orNothing(one.ackedVersion),
    formatState(one, palette),
  ]);
  return formatTable(header, rows);
}

function formatState({ version, sentVersion, ackedVersion, nackedVersion }: XdsResource, palette: Palette): string {
  if (nackedVersion !== "" && nackedVersion === version) return palette.red("refused");
  if (version === "" && sentVersion === "") return palette.dim("does not exist");
  return version === ackedVersion ? palette.green("in sync") : palette.yellow("on its way");
}
