import { create, type Message, toBinary } from "@bufbuild/protobuf";
import { type Instance, InstanceSchema } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { invalidField } from "../../model/index.js";
import type { InstanceSpec } from "../../registry/index.js";
import { endpointToProto, healthCheckToProto, healthToProto, localityToProto } from "../translate/index.js";
import type { Report } from "./message-rules.js";

/** How many endpoints an instance may have. */
export const MAX_ENDPOINTS = 16;

const MAX_INSTANCE_BYTES = 65_536;

/** What a client says of an instance. */
export type DescribedInstance = Pick<
  Instance,
  | "namespace"
  | "service"
  | "id"
  | "endpoints"
  | "locality"
  | "weight"
  | "version"
  | "labels"
  | "reportedHealth"
  | "healthCheck"
>;

/** An instance encodes to at most 64 KiB; where its endpoints are too many anyway, that is said and not this. */
export function checkSize(instance: DescribedInstance, report: Report): void {
  if (instance.endpoints.length > MAX_ENDPOINTS || encodedBytes(instance) <= MAX_INSTANCE_BYTES) return;
  report([], "must encode to at most 64 KiB");
}

/**
 * The same for an instance that is put together from what stands and what a request brings.
 *
 * @throws DomainError FIELDS_INVALID.
 */
export function assertInstanceFits(spec: InstanceSpec): void {
  const { locality, healthCheck, weight } = spec;
  const bytes = encodedBytes({
    ...spec,
    endpoints: spec.endpoints.map(endpointToProto),
    locality: locality && localityToProto(locality),
    weight,
    labels: { ...spec.labels },
    reportedHealth: healthToProto(spec.reportedHealth),
    healthCheck: healthCheck && healthCheckToProto(healthCheck),
  });
  if (bytes > MAX_INSTANCE_BYTES)
    throw invalidField("instance", "must encode to at most 64 KiB with what stands already");
}

/** How many bytes an instance encodes to; an upper bound where that is small, because encoding costs more than the rules. */
function encodedBytes(instance: DescribedInstance): number {
  const bound = upperBound(instance);
  return bound <= SMALL_BYTES ? bound : exactBytes(instance);
}

const SMALL_BYTES = 2_048;
const FIXED_BYTES = 256;
const MAX_BYTES_A_CHARACTER = 3;

/** How many bytes instances encode to together: exactly where their bounds might be more than `max`. */
export function encodedBytesTogether(instances: readonly DescribedInstance[], max: number): number {
  const sum = (bytesOf: (instance: DescribedInstance) => number) =>
    instances.reduce((bytes, instance) => bytes + bytesOf(instance), 0);
  const bound = sum(encodedBytes);
  return bound <= max ? bound : sum(exactBytes);
}

function upperBound(instance: DescribedInstance): number {
  let characters = instance.namespace.length + instance.service.length + instance.id.length + instance.version.length;
  for (const endpoint of instance.endpoints) characters += endpoint.name.length + endpoint.host.length + 8;
  for (const key in instance.labels) characters += key.length + (instance.labels[key]?.length ?? 0) + 4;
  const { locality, healthCheck } = instance;
  if (locality) characters += locality.region.length + locality.zone.length + locality.subZone.length;
  if (healthCheck) characters += SMALL_BYTES;
  return FIXED_BYTES + MAX_BYTES_A_CHARACTER * characters;
}

function exactBytes(instance: DescribedInstance): number {
  const { namespace: within, service, id, endpoints, locality, weight, version, labels: pairs } = instance;
  const { reportedHealth, healthCheck } = instance;
  const plain = { namespace: within, service, id, endpoints, version, labels: pairs, reportedHealth };
  // Created from the parts, because a schema's output is no message any more.
  const described = create(InstanceSchema, {
    ...plain,
    ...(locality && { locality: withoutType(locality) }),
    ...(weight !== undefined && { weight }),
    ...(healthCheck && { healthCheck: withoutType(healthCheck) }),
  });
  return toBinary(InstanceSchema, described).length;
}

function withoutType<T extends Message>(message: T): Omit<T, "$typeName" | "$unknown"> {
  const { $typeName, $unknown, ...fields } = message;
  return fields;
}
