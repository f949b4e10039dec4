import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import {
  type LogRecord,
  LogRecordSchema,
  Severity,
  type TailLogsResponse,
} from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";
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
import { parseCount, parseEnumName } from "../parse.js";

/** The most that a tail brings of what was before it. */
const MAX_BACKLOG = 1_000;

interface LogsOptions extends CommonOptions {
  readonly follow?: boolean;
  readonly instance?: string;
  readonly contains?: string;
  readonly severity?: Severity;
  readonly traceId?: string;
  readonly filter?: string;
  readonly since?: number;
  readonly limit: number;
}

/** Adds `logs`: what services logged. */
export function addLogs(program: Command, io: CliIo): void {
  const command = addPlaneCommand(program, "logs", "print what services logged, oldest first")
    .argument("[service]", "of this service only")
    .option("-f, --follow", "go on with each record as it arrives")
    .option("--instance <id>", "of this instance only")
    .option("--contains <text>", "only records whose text contains this, in any case")
    .option("--severity <name>", "at least this: trace, debug, info, warn, error or fatal", parseSeverity)
    .option("--trace-id <hex>", "of this trace only")
    .option("--filter <cel>", "only what matches, for example: log.attributes.user == '7'")
    .option("--since <duration>", "only the last 10m, 2h, ...", parseDuration)
    .option("--limit <count>", "the newest so many; with -f those that come first", parseCount(0, MAX_BACKLOG), 100);
  withOutput(withNamespace(command)).action((service: string | undefined, options: LogsOptions) =>
    runWithPlane(io, options, (context) =>
      options.follow ? tail(context, service ?? "", options) : query(context, service ?? "", options),
    ),
  );
}

async function query(context: Context, service: string, options: LogsOptions): Promise<void> {
  const start =
    options.since === undefined ? {} : { start: timestampFromMs(context.io.clock.wallMs() - options.since) };
  const request = { query: logQuery(context, service, options), ...start };
  const newestFirst = everyItem(async (page) => {
    const response = await context.plane.telemetry.queryLogs({ ...request, ...page });
    return { items: response.records, nextPageToken: response.nextPageToken };
  }, options.limit);
  for (const record of (await collect(newestFirst)).reverse()) await print(context, record);
}

async function tail(context: Context, service: string, options: LogsOptions): Promise<void> {
  using interrupted = interruption(context.io);
  const resume = new TailResume(options, context.io.clock.wallMs());
  await follow<TailLogsResponse>({
    io: context.io,
    address: context.plane.address,
    signal: interrupted.signal,
    say: (line) => context.out.say(line),
    open(signal) {
      const request = { query: logQuery(context, service, options), backlog: resume.begin() };
      return context.plane.telemetry.tailLogs(request, { signal, timeoutMs: 0 });
    },
    async onMessage(response) {
      for (const record of response.records) if (resume.isFresh(record)) await print(context, record);
      if (response.missed > 0n)
        context.out.say(`${response.missed} records were left out: they came faster than we read`);
      return false;
    },
  });
}

/** Which records of a tail are new to the reader: a tail that is opened again repeats some. */
class TailResume {
  #backlog: number;
  #newestNs: bigint;
  #skipping = true;

  constructor(options: LogsOptions, nowMs: number) {
    this.#backlog = options.limit;
    this.#newestNs = options.since === undefined ? 0n : BigInt(nowMs - options.since) * 1_000_000n;
  }

  /** Called when the tail is opened. @returns how many earlier records to ask for. */
  begin(): number {
    const backlog = this.#backlog;
    this.#backlog = MAX_BACKLOG;
    this.#skipping = true;
    return backlog;
  }

  /** False for those that come before the first new one. Later ones may be older: instances have clocks of their own. */
  isFresh(record: LogRecord): boolean {
    const timeNs = record.time ? record.time.seconds * 1_000_000_000n + BigInt(record.time.nanos) : 0n;
    if (this.#skipping && timeNs <= this.#newestNs) return false;
    this.#skipping = false;
    if (timeNs > this.#newestNs) this.#newestNs = timeNs;
    return true;
  }
}

function logQuery(context: Context, service: string, options: LogsOptions) {
  return {
    namespace: context.namespace,
    service,
    instanceId: options.instance ?? "",
    minSeverity: options.severity ?? Severity.UNSPECIFIED,
    contains: options.contains ?? "",
    traceId: options.traceId ?? "",
    filter: options.filter ?? "",
  };
}

async function print(context: Context, record: LogRecord): Promise<void> {
  await context.out.item(LogRecordSchema, record, () => formatRecord(context.palette, record));
}

function formatRecord(palette: Palette, record: LogRecord): string {
  const time = record.time ? formatDateTime(timestampMs(record.time)) : "-";
  const severity = (Severity[record.severity] ?? "").padEnd(5);
  const attributes = Object.entries(record.attributes).map(([key, value]) => ` ${key}=${value}`);
  const from = record.instanceId === "" ? record.service : `${record.service}/${record.instanceId}`;
  return `${palette.dim(time)}  ${severityColour(palette, record.severity)(severity)}  ${from}  ${record.body}${palette.dim(attributes.join(""))}\n`;
}

function severityColour(palette: Palette, severity: Severity): (text: string) => string {
  if (severity >= Severity.ERROR) return palette.red;
  if (severity >= Severity.WARN) return palette.yellow;
  return severity >= Severity.INFO ? palette.green : palette.dim;
}

function parseSeverity(text: string): Severity {
  return parseEnumName<Severity>(text, { ...Severity }, "a severity");
}
