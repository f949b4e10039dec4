import type { ServiceImpl } from "@connectrpc/connect";
import {
  type Instance as ProtoInstance,
  type RegisterRequest,
  RegistryService,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import { DomainError, type Instance, type InstanceRef } from "../../model/index.js";
import type { Registration, Registry } from "../../registry/index.js";
import { callerOf } from "../caller.js";
import { encodedBy } from "../grpc/encode.js";
import { pageScope } from "../page-tokens.js";
import { Pager } from "../pager.js";
import { validate } from "../rules/index.js";
import {
  durationMsFromProto,
  instanceFromProto,
  instanceRefFromProto,
  instanceRefToProto,
  instanceToProto,
  namespaceFromProto,
  patchFromProto,
  registeredToProto,
  updatedToProto,
  writeWritten,
} from "../translate/index.js";
import { instanceWeight } from "./page-weight.js";
import type { RegistryServiceOptions } from "./registry-options.js";
import { required } from "./required.js";

type InstanceCalls = Pick<
  ServiceImpl<typeof RegistryService>,
  "register" | "registerBatch" | "renew" | "updateInstance" | "deregister" | "getInstance" | "listInstances"
>;

const DEFAULT_TTL_MS = 30_000;

/** The calls about instances, but for sessions. */
export function instanceCalls(options: RegistryServiceOptions): InstanceCalls {
  return { ...writes(options), ...reads(options) };
}

function writes({ registry, rules }: RegistryServiceOptions): Omit<InstanceCalls, "getInstance" | "listInstances"> {
  const show = shownBy(registry);
  const leaseEnd = leaseEndsIn(registry);
  return {
    async register(request, context) {
      validate(rules, request);
      const registration = registrationFromProto(request);
      const { value, revision } = await registry.register([registration], callerOf(context));
      const instance = required(value[0]);
      const answer = { instance, revision, leaseEndsAtMs: leaseEnd(instance), ttlMs: registration.ttlMs };
      return encodedBy(registeredToProto(answer), (writer) => writeWritten(writer, answer));
    },
    async registerBatch(request, context) {
      validate(rules, request);
      const registrations = request.requests.map(registrationFromProto);
      const { value, revision } = await registry.register(registrations, callerOf(context));
      return { revision, instances: value.map(show) };
    },
    async renew(request, context) {
      validate(rules, request);
      const missing = await registry.renew(request.instances.map(instanceRefFromProto), callerOf(context));
      return { notFound: missing.map(instanceRefToProto) };
    },
    async updateInstance(request, context) {
      validate(rules, request);
      const instance = required(request.instance);
      const patch = patchFromProto(instance, required(request.updateMask).paths);
      const ref = instanceRefFromProto(instance);
      const { value, revision } = await registry.update(ref, patch, request.expectedRevision, callerOf(context));
      const answer = { instance: value, revision, leaseEndsAtMs: leaseEnd(value) };
      return encodedBy(updatedToProto(answer), (writer) => writeWritten(writer, answer));
    },
    async deregister(request, context) {
      validate(rules, request);
      const drainMs = request.drain ? Math.round(durationMsFromProto(request.drain)) : 0;
      const ref = instanceRefFromProto(required(request.instance));
      return { revision: await registry.deregister(ref, drainMs, callerOf(context)) };
    },
  };
}

function reads(options: RegistryServiceOptions): Pick<InstanceCalls, "getInstance" | "listInstances"> {
  const { registry, discovery, rules, filters, clock, pageTokens } = options;
  const show = shownBy(registry);
  const pager = new Pager<Instance>({ tokens: pageTokens, clock, weigh: instanceWeight });
  return {
    getInstance(request) {
      validate(rules, request);
      const ref = instanceRefFromProto(required(request.instance));
      const instance = discovery.getInstance(ref);
      if (!instance) throw unknownInstance(ref);
      return { instance: show(instance), revision: discovery.revision };
    },
    listInstances(request) {
      validate(rules, request);
      const filter = filters.compile("instance", request.filter);
      const scope = pageScope(RegistryService.method.listInstances, request);
      const page = pager.page({ scope, pageSize: request.pageSize, pageToken: request.pageToken }, () => {
        const all = discovery.listInstances(namespaceFromProto(request.namespace), request.service);
        const items = filter ? all.filter((instance) => filter.matches(instance)) : all;
        return { revision: discovery.revision, items };
      });
      return { instances: page.items.map(show), nextPageToken: page.nextPageToken, revision: page.revision };
    },
  };
}

/** Instances with the ends of their leases, which only the registry knows. */
function shownBy(registry: Registry): (instance: Instance) => ProtoInstance {
  const leaseEnd = leaseEndsIn(registry);
  return (instance) => instanceToProto(instance, leaseEnd(instance));
}

function leaseEndsIn(registry: Registry): (instance: Instance) => number | undefined {
  return (instance) => (instance.holder.kind === "lease" ? registry.leaseEndsAtMs(instance) : undefined);
}

function registrationFromProto({ instance, ttl, expectedRevision }: RegisterRequest): Registration {
  return {
    spec: instanceFromProto(required(instance)),
    ttlMs: ttl ? Math.round(durationMsFromProto(ttl)) : DEFAULT_TTL_MS,
    ...(expectedRevision !== undefined && { expectedRevision }),
  };
}

function unknownInstance({ namespace, service, id }: InstanceRef): DomainError {
  return new DomainError({ reason: "NOT_FOUND", type: "instance", name: `${namespace}/${service}/${id}` });
}
