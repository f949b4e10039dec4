import { equals, isMessage, type Message } from "@bufbuild/protobuf";
import {
  type Instance,
  InstanceSchema,
  PutServiceRequestSchema,
  PutServiceResponseSchema,
  RegisterRequestSchema,
  RegisterResponseSchema,
  type Service,
  ServiceSchema,
  UpdateInstanceRequestSchema,
  UpdateInstanceResponseSchema,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { Witness } from "./witness.js";

/** What is missing of an accepted write when it is read, one line each. */
export async function readBackFaults(
  witness: Witness,
  request: Message | undefined,
  response: Message | undefined,
): Promise<readonly string[]> {
  if (isMessage(request, RegisterRequestSchema) && isMessage(response, RegisterResponseSchema)) {
    return [
      ...(await instanceFaults(witness, response.instance)),
      ...differences(specOf(request.instance), specOf(response.instance)),
    ];
  }
  if (isMessage(request, UpdateInstanceRequestSchema) && isMessage(response, UpdateInstanceResponseSchema)) {
    const chosen = new Set(request.updateMask?.paths);
    const asked = Object.entries(specOf(request.instance)).filter(([field]) => chosen.has(field));
    return [
      ...(await instanceFaults(witness, response.instance)),
      ...differences(Object.fromEntries(asked), specOf(response.instance)),
    ];
  }
  if (isMessage(request, PutServiceRequestSchema) && isMessage(response, PutServiceResponseSchema)) {
    return [
      ...(await serviceFaults(witness, response.service)),
      ...differences(describedOf(request.service), describedOf(response.service)),
    ];
  }
  return [];
}

async function instanceFaults({ registry }: Witness, told: Instance | undefined): Promise<string[]> {
  if (!told) return ["the answer has no instance"];
  const { namespace, service, id } = told;
  const { instance } = await registry.getInstance({ instance: { namespace, service, id } });
  return instance && equals(InstanceSchema, lasting(instance), lasting(told))
    ? []
    : [`read back as ${show(instance)}, told as ${show(told)}`];
}

/** Without the end of its lease, which is told by the wall clock and reckoned anew each time. */
function lasting(instance: Instance): Instance {
  const { expiresAt: _, ...rest } = instance;
  return rest;
}

async function serviceFaults({ registry }: Witness, told: Service | undefined): Promise<string[]> {
  if (!told) return ["the answer has no service"];
  const { service } = await registry.getService({ namespace: told.namespace, name: told.name });
  return service && equals(ServiceSchema, service, told) ? [] : [`read back as ${show(service)}`];
}

/** What a client says of an instance, by the names that masks have. */
function specOf(instance: Instance | undefined): Readonly<Record<string, unknown>> {
  if (!instance) return {};
  const { locality, healthCheck } = instance;
  return {
    ref: [instance.namespace || "default", instance.service, instance.id],
    endpoints: instance.endpoints.map(({ name, host, port, protocol, tls }) => [
      name || "default",
      host,
      port,
      protocol,
      tls,
    ]),
    locality: locality && [locality.region, locality.zone, locality.subZone],
    weight: instance.weight,
    version: instance.version,
    labels: sorted(instance.labels),
    health_check: healthCheck?.probe,
  };
}

function describedOf(service: Service | undefined): Readonly<Record<string, unknown>> {
  if (!service) return {};
  const { namespace, name, description, owner, labels, grpcServices } = service;
  return { ref: [namespace || "default", name], description, owner, labels: sorted(labels), grpcServices };
}

function sorted(labels: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1));
}

function differences(asked: Readonly<Record<string, unknown>>, told: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(asked).flatMap((field) =>
    show(asked[field]) === show(told[field])
      ? []
      : [`${field} was ${show(asked[field])} and became ${show(told[field])}`],
  );
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part)) ?? "nothing";
}
