import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { type Event, EventSchema, type TailEventsResponse } from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";
import {
  addPlaneCommand,
  type CommonOptions,
  type Context,
  interruption,
  runWithPlane,
  withNamespace,
  withOutput,
} from "../context.js";
import { parseDuration } from "../duration.js";
import { follow } from "../follow.js";
import { formatDateTime } from "../format.js";
import type { CliIo } from "../io.js";
import { collect, everyItem } from "../pages.js";
import type { Palette } from "../palette.js";
import { parseCount, parseRevision } from "../parse.js";

/** The longest type that there is, and the revisions of the first years: enough to line up. */
const TYPE_WIDTH = "instance.health_changed".length;
const REVISION_WIDTH = 6;

interface EventsOptions extends CommonOptions {
  readonly follow?: boolean;
  readonly service?: string;
  readonly type?: string;
  readonly actor?: string;
  readonly since?: number;
  readonly afterRevision?: bigint;
  readonly limit: number;
}

/** Adds `events`: what changed in the control plane, by whom and why. */
export function addEvents(program: Command, io: CliIo): void {
  const command = addPlaneCommand(program, "events", "print what changed, who did it and why, oldest first")
    .option("-f, --follow", "go on with each event as it happens")
    .option("--service <name>", "of this service only")
    .option("--type <prefix>", "only types that begin so: instance., instance.expired, session., ...")
    .option("--actor <name>", "only what this one did, for example: system:lease")
    .option("--since <duration>", "only the last 10m, 2h, ...", parseDuration)
    .option("--after-revision <revision>", "follow from after this revision; implies -f", parseRevision)
    .option("--limit <count>", "the newest so many; with -f those that come first", parseCount(0, 100_000), 100);
  withOutput(withNamespace(command)).action((options: EventsOptions) =>
    runWithPlane(io, options, (context) => events(context, options)),
  );
}

async function events(context: Context, options: EventsOptions): Promise<void> {
  if (options.afterRevision !== undefined) return tail(context, options, options.afterRevision);
  // Asked before the past is read, so that nothing falls between the past and the tail.
  const { revision } = options.follow ? await context.plane.admin.getInfo({}) : { revision: 0n };
  const past = await query(context, options);
  for (const event of past) await print(context, event);
  if (!options.follow) return;
  await tail(context, options, newestRevision(past, revision));
}

function newestRevision(events: readonly Event[], atLeast: bigint): bigint {
  let newest = atLeast;
  for (const { revision } of events) if (revision > newest) newest = revision;
  return newest;
}

/** The newest events that match, oldest first. */
async function query(context: Context, options: EventsOptions): Promise<Event[]> {
  if (options.limit === 0) return [];
  const start =
    options.since === undefined ? {} : { start: timestampFromMs(context.io.clock.wallMs() - options.since) };
  const request = { query: eventQuery(context, options), ...start };
  const newestFirst = everyItem(async (page) => {
    const response = await context.plane.telemetry.queryEvents({ ...request, ...page });
    return { items: response.events, nextPageToken: response.nextPageToken };
  }, options.limit);
  return (await collect(newestFirst)).reverse();
}

async function tail(context: Context, options: EventsOptions, after: bigint): Promise<void> {
  using interrupted = interruption(context.io);
  let afterRevision = after;
  await follow<TailEventsResponse>({
    io: context.io,
    address: context.plane.address,
    signal: interrupted.signal,
    say: (line) => context.out.say(line),
    open: (signal) =>
      context.plane.telemetry.tailEvents(
        { query: eventQuery(context, options), afterRevision },
        { signal, timeoutMs: 0 },
      ),
    async onMessage(response) {
      for (const event of response.events) {
        await print(context, event);
        if (event.revision > afterRevision) afterRevision = event.revision;
      }
      return false;
    },
  });
}

function eventQuery(context: Context, options: EventsOptions) {
  return {
    namespace: context.namespace,
    service: options.service ?? "",
    type: options.type ?? "",
    actor: options.actor ?? "",
  };
}

async function print(context: Context, event: Event): Promise<void> {
  await context.out.item(EventSchema, event, () => formatEvent(context.palette, event));
}

function formatEvent(palette: Palette, event: Event): string {
  const time = event.time ? formatDateTime(timestampMs(event.time)) : "-";
  const revision = event.revision === 0n ? "-" : `r${event.revision}`;
  const type = palette.cyan(event.type.padEnd(TYPE_WIDTH));
  const head = `${time}  ${revision.padStart(REVISION_WIDTH)}`;
  const actor = formatActor(event);
  return `${palette.dim(head)}  ${type}  ${event.message}${actor && palette.dim(actor)}\n`;
}

/** Who did it, unless the message says so already. Sessions' events are about their actor. */
function formatActor({ type, message, actor }: Event): string {
  const said = ` by ${actor}`;
  if (actor === "" || message.endsWith(said) || message.includes(`${said}: `)) return "";
  return type.startsWith("session.") ? `  ${actor}` : `  by ${actor}`;
}
