import type { Command } from "commander";
import { DrainServiceResponseSchema } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { addPlaneCommand, type Context, runWithPlane, withNamespace, withOutput } from "../context.js";
import { formatCount } from "../format.js";
import type { CliIo } from "../io.js";
import { formatLasting, lasting, type OrderOptions, withOrder } from "./order-options.js";
import { clear, order } from "./override.js";

/** Adds `drain`: lets a service's instances, or one of them, finish what they have and take nothing new. */
export function addDrain(program: Command, io: CliIo): void {
  const command = addPlaneCommand(program, "drain", "let all instances of a service, or one, take no new calls")
    .argument("<service>", "the service's name")
    .argument("[id]", "one instance's id (default: every one that the service has now)");
  withOrder(withOutput(withNamespace(command))).action(
    (service: string, id: string | undefined, options: OrderOptions) =>
      runWithPlane(io, options, (context) => {
        if (options.clear) return clear(context, service, id);
        return id === undefined
          ? drainAll(context, service, options)
          : order(context, { service, id }, "draining", options);
      }),
  );
}

async function drainAll(context: Context, name: string, options: OrderOptions): Promise<void> {
  const { namespace, plane, out } = context;
  const request = { namespace, name, reason: options.reason, ...lasting(options) };
  const response = await plane.registry.drainService(request);
  await out.result(DrainServiceResponseSchema, response, () => {
    const drained = formatCount(response.drained, "instance");
    return `${drained} of ${name} drain ${formatLasting(options)} (r${response.revision})\n`;
  });
}
