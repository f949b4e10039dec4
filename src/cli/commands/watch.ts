import { create } from "@bufbuild/protobuf";
import type { Command } from "commander";
import {
  TargetSchema,
  type WatchResponse,
  WatchResponseSchema,
} from "../../../gen/portolan/discovery/v1/discovery_pb.js";
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
import { formatClock } from "../format.js";
import type { CliIo } from "../io.js";
import { parseLocality } from "../parse.js";
import { Columns } from "../table.js";
import { formatDelay, type ViewLine, WatchView } from "../watch-view.js";
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

/** Prints responses as lines for people, or whole for programs. */
class WatchPrinter {
  readonly #context: Context;
  readonly #verbose: boolean;
  readonly #view: WatchView;
  readonly #columns = new Columns();
  #live = false;

  constructor(context: Context, verbose: boolean) {
    this.#context = context;
    this.#verbose = verbose;
    this.#view = new WatchView(context.palette);
  }

  async print(response: WatchResponse): Promise<void> {
    const isBookmark = response.updates.length === 0 && !response.synced && !response.reset;
    if (isBookmark && !this.#verbose) return;
    await this.#context.out.item(WatchResponseSchema, response, () => this.#lines(response, isBookmark).join(""));
  }

  #lines(response: WatchResponse, isBookmark: boolean): string[] {
    const { palette, io } = this.#context;
    const nowMs = io.clock.wallMs();
    const delay = this.#live ? formatDelay(response, nowMs) : "";
    const changes = this.#view.apply(response);
    const rows = changes.map((line) => this.#row(line, delay));
    for (const row of rows) this.#columns.widen(row);
    const head = `${palette.dim(formatClock(nowMs))}  ${palette.dim(response.revision === 0n ? "..." : `r${response.revision}`)}`;
    const lines = rows.map((row) => `${head}  ${this.#columns.format(row)}\n`);
    if (response.synced) lines.push(`${head}  ${this.#syncedText()}\n`);
    if (isBookmark) lines.push(`${head}  ${palette.dim("bookmark")}\n`);
    if (response.synced) this.#live = true;
    return lines;
  }

  #row(line: ViewLine, delay: string): string[] {
    const { palette } = this.#context;
    const colour = { "+": palette.green, "~": palette.yellow, "-": palette.red, "!": palette.magenta }[line.sign];
    return [`${colour(line.sign)} ${line.name}`, ...line.cells, ...(delay === "" ? [] : [palette.dim(delay)])];
  }

  #syncedText(): string {
    const { instances, services } = this.#view.counts();
    return this.#context.palette.bold(
      `synced: ${instances} ${plural(instances, "instance")} of ${services} ${plural(services, "service")}`,
    );
  }
}

function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}
