import { create } from "@bufbuild/protobuf";
import type { Command } from "commander";
import { TargetSchema, type WatchResponse } from "../../../gen/portolan/discovery/v1/discovery_pb.js";
import type { Locality } from "../../../gen/portolan/registry/v1/registry_pb.js";
import {
  addPlaneCommand,
  type CommonOptions,
  type Context,
  interruption,
  runWithPlane,
  withNamespace,
  withOutput,
} from "../context.js";
import { durationOf } from "../duration.js";
import { CliError } from "../errors.js";
import { EXIT } from "../exit-codes.js";
import { follow } from "../follow.js";
import type { CliIo } from "../io.js";
import { parseLocality } from "../parse.js";
import { WatchPrinter } from "./watch-printer.js";
import { watchServices } from "./watch-services.js";
import { BOOKMARK_INTERVAL_MS, SILENT_INTERVALS } from "./watch-timing.js";

interface WatchOptions extends CommonOptions {
  readonly filter?: string;
  readonly endpointName?: string;
  readonly includeUnhealthy?: boolean;
  readonly services?: boolean;
  readonly locality?: Locality;
  readonly consumer?: string;
  readonly once?: boolean;
  readonly verbose?: boolean;
}

/** Adds `watch`: prints the instances of services, then each change as it comes. */
export function addWatch(program: Command, io: CliIo): void {
  const command = addPlaneCommand(program, "watch", "print who serves, then every change as it comes")
    .argument("[services...]", 'the services to watch; "*" means every one')
    .option("--filter <cel>", "only what matches, for example: instance.version == '2.1'")
    .option("--endpoint-name <name>", "only this endpoint of each instance")
    .option("--include-unhealthy", "also instances that take no calls")
    .option("--services", "watch the list of services instead")
    .option("--locality <region/zone/sub-zone>", "where you are, which decides priorities", parseLocality)
    .option("--consumer <service>", "who you are, for policies that name it")
    .option("--once", "end when everything there is was printed")
    .option("-v, --verbose", "print bookmarks too");
  withOutput(withNamespace(command)).action((services: string[], options: WatchOptions) =>
    runWithPlane(io, options, (context) => watch(context, services, options)),
  );
}

async function watch(context: Context, services: readonly string[], options: WatchOptions): Promise<void> {
  if (options.services) {
    if (services.length > 0)
      throw new CliError("--services watches the list: name none, or leave --services out", EXIT.usage);
    return watchServices(context, options);
  }
  if (services.length === 0) {
    throw new CliError("name the services to watch, '*' for every one, or --services for the list", EXIT.usage);
  }
  await watchInstances(context, services, options);
}

async function watchInstances(context: Context, services: readonly string[], options: WatchOptions): Promise<void> {
  const { plane, out } = context;
  using interrupted = interruption(context.io);
  const printer = new WatchPrinter(context, options.verbose === true);
  const targets = services.map((service) => targetOf(context, service, options));
  let revision = 0n;
  await follow<WatchResponse>({
    io: context.io,
    address: plane.address,
    signal: interrupted.signal,
    silenceMs: SILENT_INTERVALS * BOOKMARK_INTERVAL_MS,
    reconnect: !options.once,
    say: (line) => out.say(line),
    open: (signal) =>
      plane.discovery.watch(
        {
          targets,
          includeUnhealthy: options.includeUnhealthy ?? false,
          consumer: options.consumer ?? "",
          ...(options.locality && { locality: options.locality }),
          afterRevision: revision,
          bookmarkInterval: durationOf(BOOKMARK_INTERVAL_MS),
        },
        { signal, timeoutMs: 0 },
      ),
    async onMessage(response) {
      await printer.print(response);
      if (response.revision !== 0n) revision = response.revision;
      return options.once === true && response.synced;
    },
  });
}

function targetOf(context: Context, service: string, options: WatchOptions) {
  return create(TargetSchema, {
    namespace: context.namespace,
    service,
    filter: options.filter ?? "",
    endpointName: options.endpointName ?? "",
  });
}
