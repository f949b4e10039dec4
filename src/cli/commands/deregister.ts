import type { Command } from "commander";
import { DeregisterResponseSchema } from "../../../gen/portolan/registry/v1/registry_pb.js";
import {
  addPlaneCommand,
  type CommonOptions,
  type Context,
  runWithPlane,
  withNamespace,
  withOutput,
} from "../context.js";
import { durationOf, formatDuration, parseDuration } from "../duration.js";
import type { CliIo } from "../io.js";

interface DeregisterOptions extends CommonOptions {
  readonly drain?: number;
}

/** Adds `deregister`: takes an instance out, at once or after draining. */
export function addDeregister(program: Command, io: CliIo): void {
  const command = addPlaneCommand(program, "deregister", "take an instance out of its service")
    .argument("<service>", "the service's name")
    .argument("<id>", "the instance's id")
    .option("--drain <duration>", "let it finish its calls for so long before it leaves", parseDuration);
  withOutput(withNamespace(command)).action((service: string, id: string, options: DeregisterOptions) =>
    runWithPlane(io, options, (context) => deregister(context, { service, id }, options.drain ?? 0)),
  );
}

async function deregister(
  context: Context,
  instance: { readonly service: string; readonly id: string },
  drainMs: number,
): Promise<void> {
  const response = await context.plane.registry.deregister({
    instance: { namespace: context.namespace, ...instance },
    ...(drainMs > 0 && { drain: durationOf(drainMs) }),
  });
  const name = `${instance.service}/${instance.id}`;
  await context.out.result(DeregisterResponseSchema, response, () => {
    if (response.revision === 0n) return `${name} was not registered\n`;
    if (drainMs > 0) return `${name} drains for ${formatDuration(drainMs)}, then leaves (r${response.revision})\n`;
    return `${name} left (r${response.revision})\n`;
  });
}
