import { type Command, InvalidArgumentError } from "commander";
import {
  ClearHealthOverrideResponseSchema,
  Health,
  SetHealthOverrideResponseSchema,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import { addPlaneCommand, type Context, runWithPlane, withNamespace, withOutput } from "../context.js";
import { CliError } from "../errors.js";
import { EXIT } from "../exit-codes.js";
import { formatCount } from "../format.js";
import type { CliIo } from "../io.js";
import { formatLasting, lasting, type OrderOptions, withOrder } from "./order-options.js";

/** What may be ordered: the word -> the public value. */
const ORDERS = { serving: Health.SERVING, draining: Health.DRAINING, "not-serving": Health.NOT_SERVING } as const;

/** A health that may be ordered. */
export type OrderedHealth = keyof typeof ORDERS;

/** Adds `override`: orders what consumers are told of an instance. */
export function addOverride(program: Command, io: CliIo): void {
  const command = addPlaneCommand(program, "override", "order what consumers are told of an instance")
    .argument("<service>", "the service's name")
    .argument("[id]", "the instance's id; with --clear it may be left out for all of the service")
    .argument("[health]", `one of ${Object.keys(ORDERS).join(", ")}`, parseHealth);
  withOrder(withOutput(withNamespace(command))).action(
    (service: string, id: string | undefined, health: OrderedHealth | undefined, options: OrderOptions) =>
      runWithPlane(io, options, (context) => {
        if (options.clear) return clear(context, service, id);
        if (id === undefined || health === undefined) {
          throw new CliError("name an instance and a health, or --clear", EXIT.usage);
        }
        return order(context, { service, id }, health, options);
      }),
  );
}

/** Orders a health. */
export async function order(
  { namespace, plane, out }: Context,
  instance: { readonly service: string; readonly id: string },
  health: OrderedHealth,
  options: OrderOptions,
): Promise<void> {
  const response = await plane.registry.setHealthOverride({
    instance: { namespace, ...instance },
    health: ORDERS[health],
    reason: options.reason,
    ...lasting(options),
  });
  await out.result(SetHealthOverrideResponseSchema, response, () => {
    const name = `${instance.service}/${instance.id}`;
    const told = Health[response.instance?.health ?? Health.UNSPECIFIED];
    return `${name} is ordered ${Health[ORDERS[health]]} ${formatLasting(options)}, and is ${told} (r${response.revision})\n`;
  });
}

/** Takes back the order of an instance, or of all of a service. */
export async function clear({ namespace, plane, out }: Context, service: string, id = ""): Promise<void> {
  const response = await plane.registry.clearHealthOverride({ namespace, service, instanceId: id });
  await out.result(ClearHealthOverrideResponseSchema, response, () =>
    response.cleared === 0
      ? `nothing was ordered of ${id === "" ? service : `${service}/${id}`}\n`
      : `${formatCount(response.cleared, "order")} taken back (r${response.revision})\n`,
  );
}

function parseHealth(text: string): OrderedHealth {
  if (Object.hasOwn(ORDERS, text)) return text as OrderedHealth;
  throw new InvalidArgumentError(`it must be one of ${Object.keys(ORDERS).join(", ")}.`);
}
