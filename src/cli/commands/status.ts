import { create } from "@bufbuild/protobuf";
import type { Command } from "commander";
import { type GetInfoResponse, GetInfoResponseSchema } from "../../../gen/portolan/admin/v1/admin_pb.js";
import type { Service } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { type ServiceStatus, ServiceStatusSchema } from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";
import {
  addPlaneCommand,
  type CommonOptions,
  type Context,
  runWithPlane,
  withNamespace,
  withOutput,
} from "../context.js";
import { durationOf, parseDuration } from "../duration.js";
import { formatCount, formatProtoDuration, NOTHING } from "../format.js";
import type { CliIo } from "../io.js";
import { listServices } from "../listings.js";
import { messageJson } from "../output.js";
import { collect } from "../pages.js";
import type { Palette } from "../palette.js";
import { formatFacts, formatTable } from "../table.js";

/** How many services are asked about at a time. */
const PARALLEL = 16;

interface StatusOptions extends CommonOptions {
  readonly window?: number;
}

/** Adds `status`: how the control plane is, and how its services are. */
export function addStatus(program: Command, io: CliIo): void {
  const command = addPlaneCommand(
    program,
    "status",
    "print how a service is; without a name the control plane and all of them",
  )
    .argument("[service]", "the service's name")
    .option("--window <duration>", "count the calls of so long (default: 1m)", parseDuration);
  withOutput(withNamespace(command)).action((service: string | undefined, options: StatusOptions) =>
    runWithPlane(io, options, (context) =>
      service === undefined ? statusOfAll(context, options) : statusOfOne(context, service, options),
    ),
  );
}

async function statusOfOne(context: Context, service: string, options: StatusOptions): Promise<void> {
  const status = await readStatus(context, { namespace: context.namespace, name: service }, options);
  await context.out.result(ServiceStatusSchema, status, () => formatStatuses([status], context.palette));
}

async function statusOfAll(context: Context, options: StatusOptions): Promise<void> {
  const info = await context.plane.admin.getInfo({});
  const services = await collect(listServices(context.plane, { namespace: context.namespace, filter: "" }).items);
  const statuses: ServiceStatus[] = [];
  for (let at = 0; at < services.length; at += PARALLEL) {
    const some = services.slice(at, at + PARALLEL);
    statuses.push(...(await Promise.all(some.map((service) => readStatus(context, service, options)))));
  }
  await context.out.json(
    () => ({
      info: messageJson(GetInfoResponseSchema, info),
      services: statuses.map((status) => messageJson(ServiceStatusSchema, status)),
    }),
    () => `${formatInfo(context, info)}${statuses.length > 0 ? `\n${formatStatuses(statuses, context.palette)}` : ""}`,
  );
}

async function readStatus(
  context: Context,
  service: Pick<Service, "namespace" | "name">,
  options: StatusOptions,
): Promise<ServiceStatus> {
  const { status } = await context.plane.telemetry.getServiceStatus({
    namespace: service.namespace,
    service: service.name,
    ...(options.window !== undefined && { window: durationOf(options.window) }),
  });
  return status ?? create(ServiceStatusSchema, { namespace: service.namespace, service: service.name });
}

function formatInfo(context: Context, info: GetInfoResponse): string {
  const facts: [string, string][] = [
    ["server", `${context.plane.address}, version ${info.version}, up ${formatProtoDuration(info.uptime)}`],
    ["store", `${info.store}, r${info.revision}, history from r${info.oldestRevision} on`],
    ["catalogue", `${formatCount(info.services, "service")}, ${formatCount(info.instances, "instance")}`],
    [
      "streams",
      `${formatCount(info.sessions, "session")}, ${formatCount(info.watches, "watch", "watches")}, ${info.xdsStreams} xDS`,
    ],
  ];
  // A member that is alone is the server above.
  for (const member of info.members.length > 1 ? info.members : []) {
    facts.push(["member", `${member.id} at ${member.address}${member.leader ? ", leader" : ""}`]);
  }
  return formatFacts(facts);
}

function formatStatuses(statuses: readonly ServiceStatus[], palette: Palette): string {
  const header = ["SERVICE", "AVAILABLE", "INSTANCES", "CALLS/S", "ERRORS", "P50", "P99"];
  return formatTable(
    header,
    statuses.map((status) => [
      status.service,
      status.available ? palette.green("yes") : palette.red("no"),
      `${formatHealthCounts(status.instancesByHealth)}${status.panic ? palette.red(" (panic)") : ""}`,
      ...formatCalls(status),
    ]),
  );
}

/** "3 SERVING, 1 DRAINING". */
function formatHealthCounts(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).filter(([, count]) => count > 0);
  return parts.length === 0 ? "none" : parts.map(([health, count]) => `${count} ${health}`).join(", ");
}

function formatCalls(status: ServiceStatus): string[] {
  const { calls } = status;
  if (!calls || calls.calls === 0n) return ["-", "-", "-", "-"];
  const errors = (Number(calls.errors) / Number(calls.calls)) * 100;
  return [calls.callsPerSecond.toFixed(1), `${errors.toFixed(1)} %`, formatMs(calls.p50Ms), formatMs(calls.p99Ms)];
}

/** Reports of proxies and of gRPC's own clients tell no latencies: nothing is known then. */
function formatMs(ms: number): string {
  if (ms === 0) return NOTHING;
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
