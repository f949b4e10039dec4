import type { Command } from "commander";
import {
  type DiscoveredInstance,
  type ResolveResponse,
  ResolveResponseSchema,
} from "../../../gen/portolan/discovery/v1/discovery_pb.js";
import type { Locality } from "../../../gen/portolan/registry/v1/registry_pb.js";
import {
  addPlaneCommand,
  type CommonOptions,
  type Context,
  runWithPlane,
  withNamespace,
  withOutput,
} from "../context.js";
import { CliError } from "../errors.js";
import { EXIT } from "../exit-codes.js";
import { formatEndpoints, formatHealth, formatLocality, orNothing } from "../format.js";
import type { CliIo } from "../io.js";
import { parseLocality, parseRevision } from "../parse.js";
import { formatTable } from "../table.js";

interface ResolveOptions extends CommonOptions {
  readonly filter?: string;
  readonly endpointName?: string;
  readonly includeUnhealthy?: boolean;
  readonly locality?: Locality;
  readonly consumer?: string;
  readonly waitRevision?: bigint;
}

/** Adds `resolve`: the instances of a service to call now. */
export function addResolve(program: Command, io: CliIo): void {
  const command = addPlaneCommand(program, "resolve", "print the instances of a service to call now")
    .argument("<service>", "the service's name")
    .option("--filter <cel>", "only what matches, for example: instance.labels.env == 'prod'")
    .option("--endpoint-name <name>", "only this endpoint of each instance")
    .option("--include-unhealthy", "also instances that take no calls")
    .option("--locality <region/zone/sub-zone>", "where you are: nearer instances come first", parseLocality)
    .option("--consumer <service>", "who you are, for policies that name it")
    .option("--wait-revision <revision>", "wait until the answer shows at least this revision", parseRevision);
  withOutput(withNamespace(command)).action((service: string, options: ResolveOptions) =>
    runWithPlane(io, options, (context) => resolve(context, service, options)),
  );
}

async function resolve(context: Context, service: string, options: ResolveOptions): Promise<void> {
  const response = await context.plane.discovery.resolve({
    target: {
      namespace: context.namespace,
      service,
      filter: options.filter ?? "",
      endpointName: options.endpointName ?? "",
    },
    ...(options.locality && { locality: options.locality }),
    consumer: options.consumer ?? "",
    includeUnhealthy: options.includeUnhealthy ?? false,
    minRevision: options.waitRevision ?? 0n,
  });
  await context.out.result(ResolveResponseSchema, response, () => formatResolution(context, response));
  remark(context, service, response);
}

function formatResolution(context: Context, response: ResolveResponse): string {
  if (response.instances.length === 0) return "";
  const header = ["PRIORITY", "WEIGHT", "ID", "ENDPOINTS", "HEALTH", "VERSION", "LOCALITY"];
  return formatTable(
    header,
    response.instances.map((found) => row(context, found)),
  );
}

function row(context: Context, found: DiscoveredInstance): string[] {
  const { instance } = found;
  if (!instance) return [];
  return [
    String(found.priority),
    String(found.effectiveWeight),
    instance.id,
    formatEndpoints(instance),
    formatHealth(instance.health, context.palette),
    orNothing(instance.version),
    formatLocality(instance.locality),
  ];
}

/** Tells apart what an empty list can mean. */
function remark(context: Context, service: string, response: ResolveResponse): void {
  if (!response.exists) throw new CliError(`no such service: ${service} (at r${response.revision})`, EXIT.notFound);
  if (response.instances.length === 0) {
    context.out.say(`${service} exists, but no instances match and take calls (at r${response.revision})`);
  }
  if (response.panic) context.out.say("so few instances are healthy that unhealthy ones are listed too");
}
