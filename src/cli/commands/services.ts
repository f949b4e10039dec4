import { create } from "@bufbuild/protobuf";
import type { Command } from "commander";
import { ListServicesResponseSchema, type Service } from "../../../gen/portolan/registry/v1/registry_pb.js";
import {
  addPlaneCommand,
  type CommonOptions,
  type Context,
  runWithPlane,
  withNamespace,
  withOutput,
} from "../context.js";
import { orNothing } from "../format.js";
import type { CliIo } from "../io.js";
import { listServices } from "../listings.js";
import { collect } from "../pages.js";
import { formatTable } from "../table.js";
import { watchServices } from "./watch-services.js";

interface ServicesOptions extends CommonOptions {
  readonly filter?: string;
  readonly watch?: boolean;
}

/** Adds `services`: the list of services. */
export function addServices(program: Command, io: CliIo): void {
  const command = addPlaneCommand(program, "services", "list the services")
    .option("--filter <cel>", "only what matches, for example: service.owner == 'payments'")
    .option("--watch", "go on with every change, as `watch --services` does");
  withOutput(withNamespace(command, 'the namespace (default: default); "*" means every one')).action(
    (options: ServicesOptions) =>
      runWithPlane(io, options, (context) =>
        options.watch ? watchServices(context, options) : list(context, options),
      ),
  );
}

async function list(context: Context, options: ServicesOptions): Promise<void> {
  const listing = listServices(context.plane, { namespace: context.namespace, filter: options.filter ?? "" });
  const services = await collect(listing.items);
  const whole = create(ListServicesResponseSchema, { services, revision: listing.revision() });
  await context.out.result(ListServicesResponseSchema, whole, () => formatServices(services));
  if (services.length === 0) context.out.say("no services");
}

function formatServices(services: readonly Service[]): string {
  if (services.length === 0) return "";
  const header = ["NAMESPACE", "NAME", "SERVING", "INSTANCES", "OWNER", "DESCRIPTION"];
  return formatTable(
    header,
    services.map((service) => [
      service.namespace,
      service.name,
      String(service.servingCount),
      String(service.instanceCount),
      orNothing(service.owner),
      orNothing(service.description),
    ]),
  );
}
