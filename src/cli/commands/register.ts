import { hostname } from "node:os";
import type { Command } from "commander";
import { type Instance, RegisterResponseSchema } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { addPlaneCommand, type Context, interruption, runWithPlane, withNamespace, withOutput } from "../context.js";
import { durationOf, parseDuration } from "../duration.js";
import { CliError } from "../errors.js";
import { EXIT } from "../exit-codes.js";
import { formatProtoDuration } from "../format.js";
import type { CliIo } from "../io.js";
import { parseCount, parseEndpoint, parseHealth, parseLabel } from "../parse.js";
import { startChild } from "../session/child.js";
import { keepRegistered } from "../session/keeper.js";
import { waitForPort } from "../session/port.js";
import { type InstanceOptions, instanceOf } from "./instance-options.js";

interface RegisterOptions extends InstanceOptions {
  readonly ttl?: number;
  readonly once?: boolean;
  readonly waitPort?: boolean;
}

/** Adds `register`: keeps an instance registered while a command runs, or until Ctrl-C. */
export function addRegister(program: Command, io: CliIo): void {
  const command = addPlaneCommand(
    program,
    "register",
    "keep an instance registered while a command runs, or until Ctrl-C",
  )
    .argument("[command...]", "after --: what to run; its exit code becomes ours")
    .requiredOption("--service <name>", "the service that it is an instance of")
    .requiredOption(
      "--endpoint <[name=]host:port>",
      "where it is called; may be repeated, the first is the default",
      parseEndpoint,
    )
    .option("--id <id>", "unique within the service (default: the host's name and six random characters)")
    .option("--label <key=value>", "may be repeated", parseLabel)
    .option("--version <version>", "the software's version")
    .option("--weight <weight>", "share of traffic relative to its siblings (default: 100)", parseCount(0, 10_000))
    .option("--region <name>", "where it runs")
    .option("--zone <name>", "where it runs, within the region")
    .option("--sub-zone <name>", "where it runs, within the zone")
    .option("--health <health>", "what it says of itself (default: serving)", parseHealth)
    .option("--grpc-health [service]", "have it probed by grpc.health.v1.Health")
    .option("--http-health <path>", "have it probed by GET of this path")
    .option("--tcp-health", "have it probed by connecting to its port")
    .option("--health-interval <duration>", "how often it is probed (default: 10s)", parseDuration)
    .option("--health-timeout <duration>", "how long a probe may take (default: 1s)", parseDuration)
    .option(
      "--ttl <duration>",
      "how long it stays when we are gone without a word (default: 15s; with --once: 30s)",
      parseDuration,
    )
    .option("--once", "register and return: it stays for --ttl, 0 means until deregistered")
    .option("--wait-port", "register only when the first endpoint's port accepts connections");
  withOutput(withNamespace(command)).action((child: string[], options: RegisterOptions) =>
    runWithPlane(io, options, (context) => register(context, child, options)),
  );
}

async function register(context: Context, child: readonly string[], options: RegisterOptions): Promise<void> {
  if (options.once && child.length > 0) {
    throw new CliError("--once returns at once, so it cannot run a command: leave one of them out", EXIT.usage);
  }
  const instance = instanceOf(options, options.id ?? defaultId(context.io));
  if (options.once) await registerOnce(context, instance, options);
  else if (child.length > 0) await keepWhileRunning(context, instance, child, options);
  else await keepUntilInterrupted(context, instance, options);
}

async function registerOnce(context: Context, instance: Instance, options: RegisterOptions): Promise<void> {
  if (options.waitPort) await waitForFirstPort(context, instance, new AbortController().signal);
  const response = await context.plane.registry.register({
    instance,
    ...(options.ttl !== undefined && { ttl: durationOf(options.ttl) }),
  });
  await context.out.result(RegisterResponseSchema, response, () => {
    const stays = response.instance?.ttl
      ? `stays for ${formatProtoDuration(response.ttl)}`
      : "stays until it is deregistered";
    return `registered ${instance.service}/${instance.id} (r${response.revision}): ${stays}\n`;
  });
}

async function keepUntilInterrupted(context: Context, instance: Instance, options: RegisterOptions): Promise<void> {
  using interrupted = interruption(context.io);
  await keep(context, instance, options, interrupted.signal);
  context.out.say(`portolan: ${instance.service}/${instance.id} left`);
}

/** The child's end ends the registration, and what ends the registration for good ends the child. */
async function keepWhileRunning(
  context: Context,
  instance: Instance,
  command: readonly string[],
  options: RegisterOptions,
): Promise<void> {
  const child = await startChild(context.io, command);
  const ending = new AbortController();
  const failure = keep(context, instance, options, ending.signal).then(
    () => undefined,
    (error: unknown) => {
      child.stop();
      return { error };
    },
  );
  const code = await child.ended;
  ending.abort();
  const failed = await failure;
  if (failed) throw failed.error;
  context.io.setExitCode(code);
}

async function keep(
  context: Context,
  instance: Instance,
  options: RegisterOptions,
  signal: AbortSignal,
): Promise<void> {
  if (options.waitPort) await waitForFirstPort(context, instance, signal);
  await keepRegistered({
    io: context.io,
    registry: context.plane.registry,
    address: context.plane.address,
    instance,
    client: `portolan register on ${hostname()}`.slice(0, 256),
    ...(options.ttl !== undefined && { ttlMs: options.ttl }),
    timeoutMs: context.timeoutMs,
    signal,
    say: (line) => context.out.say(`portolan: ${line}`),
  });
}

async function waitForFirstPort(context: Context, instance: Instance, signal: AbortSignal): Promise<void> {
  const [endpoint] = instance.endpoints;
  if (endpoint) await waitForPort(context.io, endpoint, signal);
}

/** The host's name alone may be shared, and a process id is 1 in many containers. */
function defaultId(io: CliIo): string {
  const host = hostname()
    .replace(/[^A-Za-z0-9._-]/g, "-")
    .slice(0, 100);
  const suffix = Math.floor(io.random() * 36 ** 6).toString(36);
  return `${host}-${suffix.padStart(6, "0")}`;
}
