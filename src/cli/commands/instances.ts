import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { type Instance, ListInstancesResponseSchema } from "../../../gen/portolan/registry/v1/registry_pb.js";
import {
  addPlaneCommand,
  type CommonOptions,
  type Context,
  runWithPlane,
  withNamespace,
  withOutput,
} from "../context.js";
import { formatDuration } from "../duration.js";
import { formatAge, formatEndpoints, formatHealth, orNothing } from "../format.js";
import type { CliIo } from "../io.js";
import { listInstances } from "../listings.js";
import { collect } from "../pages.js";
import { formatTable } from "../table.js";

interface InstancesOptions extends CommonOptions {
  readonly filter?: string;
}

/** Adds `instances`: the registered instances, whatever their health. */
export function addInstances(program: Command, io: CliIo): void {
  const command = addPlaneCommand(program, "instances", "list the registered instances, whatever their health")
    .argument("[service]", "of this service only")
    .option("--filter <cel>", "only what matches, for example: instance.locality.zone == 'b'");
  withOutput(withNamespace(command, 'the namespace (default: default); "*" means every one')).action(
    (service: string | undefined, options: InstancesOptions) =>
      runWithPlane(io, options, (context) => list(context, service ?? "", options)),
  );
}

async function list(context: Context, service: string, options: InstancesOptions): Promise<void> {
  const selection = { namespace: context.namespace, service, filter: options.filter ?? "" };
  const listing = listInstances(context.plane, selection);
  const instances = await collect(listing.items);
  const whole = create(ListInstancesResponseSchema, { instances, revision: listing.revision() });
  await context.out.result(ListInstancesResponseSchema, whole, () => formatInstances(context, instances));
  if (instances.length === 0) context.out.say("no instances");
}

function formatInstances(context: Context, instances: readonly Instance[]): string {
  if (instances.length === 0) return "";
  const nowMs = context.io.clock.wallMs();
  const isToldWhy = instances.some(({ healthReason }) => healthReason !== "");
  return formatTable(
    ["SERVICE", "ID", "ENDPOINTS", "HEALTH", "VERSION", "AGE", "KEPT BY", ...(isToldWhy ? ["WHY"] : [])],
    instances.map((instance) => [
      instance.service,
      instance.id,
      formatEndpoints(instance),
      formatHealth(instance.health, context.palette),
      orNothing(instance.version),
      formatAge(instance.registeredAt, nowMs),
      keptBy(instance, nowMs),
      ...(isToldWhy ? [orNothing(instance.healthReason)] : []),
    ]),
  );
}

/** What keeps the instance registered, for people. */
function keptBy(instance: Instance, nowMs: number): string {
  if (instance.sessionId !== "") return instance.sessionId;
  if (!instance.expiresAt) return "nothing";
  return `lease, ${formatDuration(Math.max(0, timestampMs(instance.expiresAt) - nowMs))} left`;
}
