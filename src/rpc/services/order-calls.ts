import type { Duration } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { Health as ProtoHealth, type RegistryService } from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { OrderSpec } from "../../registry/index.js";
import { callerOf } from "../caller.js";
import { validate } from "../rules/index.js";
import {
  durationMsFromProto,
  instanceRefFromProto,
  instanceToProto,
  namespaceFromProto,
  serviceRefFromProto,
} from "../translate/index.js";
import type { RegistryServiceOptions } from "./registry-options.js";
import { required } from "./required.js";

type OrderCalls = Pick<
  ServiceImpl<typeof RegistryService>,
  "setHealthOverride" | "clearHealthOverride" | "drainService"
>;

/** What may be ordered. */
const ORDERED: ReadonlyMap<ProtoHealth, OrderSpec["health"]> = new Map([
  [ProtoHealth.SERVING, "serving"],
  [ProtoHealth.DRAINING, "draining"],
  [ProtoHealth.NOT_SERVING, "not-serving"],
]);

/** The calls of operators about health. */
export function orderCalls({ registry, rules }: RegistryServiceOptions): OrderCalls {
  return {
    async setHealthOverride(request, context) {
      validate(rules, request);
      const ref = instanceRefFromProto(required(request.instance));
      const order = { health: required(ORDERED.get(request.health)), ...whyAndHowLong(request) };
      const written = await registry.orderHealth(ref, order, request.expectedRevision, callerOf(context));
      const { value, revision } = written;
      const leaseEndsAtMs = value.holder.kind === "lease" ? registry.leaseEndsAtMs(value) : undefined;
      return { instance: instanceToProto(value, leaseEndsAtMs), revision };
    },
    async clearHealthOverride(request, context) {
      validate(rules, request);
      const namespace = namespaceFromProto(request.namespace);
      const { service, instanceId: id } = request;
      const caller = callerOf(context);
      const { value, revision } =
        id === ""
          ? await registry.clearOrders({ namespace, name: service }, caller)
          : await registry.clearOrder({ namespace, service, id }, caller);
      return { revision, cleared: value };
    },
    async drainService(request, context) {
      validate(rules, request);
      const ref = serviceRefFromProto(request);
      const { value, revision } = await registry.drainService(ref, whyAndHowLong(request), callerOf(context));
      return { revision, drained: value };
    },
  };
}

function whyAndHowLong(request: {
  readonly reason: string;
  readonly expiresAfter?: Duration | undefined;
}): Omit<OrderSpec, "health"> {
  const { reason, expiresAfter } = request;
  return { reason, ...(expiresAfter && { lastsMs: Math.round(durationMsFromProto(expiresAfter)) }) };
}
