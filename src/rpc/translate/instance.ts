import type { Instance as ProtoInstance } from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { Instance } from "../../model/index.js";
import type { InstancePatch, InstanceSpec } from "../../registry/index.js";
import { endpointFromProto, endpointToProto } from "./endpoint.js";
import { healthFromProto, healthToProto } from "./enums.js";
import { healthCheckFromProto, healthCheckToProto } from "./health-check.js";
import { localityFromProto, localityToProto } from "./locality.js";
import { namespaceFromProto } from "./refs.js";
import { durationToProto, timestampToProto } from "./time.js";
import { voicesToProto } from "./voices.js";

/**
 * An instance as clients see it.
 *
 * The message is a plain literal and shares the labels with the instance, because this is the hottest path out: do not
 * change it.
 *
 * @param leaseEndsAtMs wall clock; only the registry knows it. Absent leaves `expires_at` unset.
 */
export function instanceToProto(instance: Instance, leaseEndsAtMs?: number): ProtoInstance {
  const { locality, healthCheck, holder } = instance;
  return {
    $typeName: "portolan.registry.v1.Instance",
    namespace: instance.namespace,
    service: instance.service,
    id: instance.id,
    endpoints: instance.endpoints.map(endpointToProto),
    locality: locality && localityToProto(locality),
    weight: instance.weight,
    version: instance.version,
    labels: instance.labels,
    reportedHealth: healthToProto(instance.reportedHealth),
    healthCheck: healthCheck && healthCheckToProto(healthCheck),
    health: healthToProto(instance.health),
    healthReason: instance.healthReason,
    createRevision: instance.createRevision,
    modRevision: instance.modRevision,
    registeredAt: timestampToProto(instance.registeredAtMs),
    sessionId: holder.kind === "session" ? holder.sessionId : "",
    expiresAt: leaseEndsAtMs === undefined ? undefined : timestampToProto(leaseEndsAtMs),
    ttl: holder.kind === "lease" ? durationToProto(holder.ttlMs) : undefined,
    healthVoices: instance.voices ? voicesToProto(instance.voices) : [],
    slowStartPercent: instance.slowStartPercent ?? 0,
  };
}

/** What a client says of an instance, with the defaults filled in; output-only fields are left out. */
export function instanceFromProto(instance: ProtoInstance): InstanceSpec {
  const { locality, weight, healthCheck } = instance;
  return {
    namespace: namespaceFromProto(instance.namespace),
    service: instance.service,
    id: instance.id,
    endpoints: instance.endpoints.map(endpointFromProto),
    ...(locality && { locality: localityFromProto(locality) }),
    ...(weight !== undefined && { weight }),
    version: instance.version,
    labels: instance.labels,
    reportedHealth: healthFromProto(instance.reportedHealth),
    ...(healthCheck && { healthCheck: healthCheckFromProto(healthCheck) }),
  };
}

/**
 * The new values that a mask chooses. A chosen field that is unset is cleared. What is not chosen is not looked at: the
 * rules did not look at it either.
 */
export function patchFromProto(instance: ProtoInstance, paths: readonly string[]): InstancePatch {
  const { locality, healthCheck } = instance;
  const chosen = new Set(paths);
  return {
    ...(chosen.has("endpoints") && { endpoints: instance.endpoints.map(endpointFromProto) }),
    ...(chosen.has("locality") && { locality: locality ? localityFromProto(locality) : null }),
    ...(chosen.has("weight") && { weight: instance.weight ?? null }),
    ...(chosen.has("version") && { version: instance.version }),
    ...(chosen.has("labels") && { labels: instance.labels }),
    ...(chosen.has("reported_health") && { reportedHealth: healthFromProto(instance.reportedHealth) }),
    ...(chosen.has("health_check") && { healthCheck: healthCheck ? healthCheckFromProto(healthCheck) : null }),
  };
}
