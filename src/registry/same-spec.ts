import type { Endpoint, HealthCheck, Holder, Instance, Locality } from "../model/index.js";
import type { InstanceSpec } from "./registry.js";

/** True when an instance stands exactly as it is specified, in every field that its owner may set. */
export function sameSpec(standing: Instance, spec: InstanceSpec): boolean {
  return (
    standing.reportedHealth === spec.reportedHealth &&
    standing.version === spec.version &&
    standing.weight === spec.weight &&
    sameEndpoints(standing, spec) &&
    sameRecord(standing.labels, spec.labels) &&
    sameLocality(standing.locality, spec.locality) &&
    sameHealthCheck(standing.healthCheck, spec.healthCheck)
  );
}

/** True when two instances are reached in the same ways. */
export function sameEndpoints(a: Pick<InstanceSpec, "endpoints">, b: Pick<InstanceSpec, "endpoints">): boolean {
  return a.endpoints === b.endpoints || sameList(a.endpoints, b.endpoints, sameEndpoint);
}

/** True when the same thing keeps an instance: the same session, a lease of the same length, or nothing. */
export function sameHolder(a: Holder, b: Holder): boolean {
  if (a.kind === "session") return b.kind === "session" && a.sessionId === b.sessionId;
  if (a.kind === "lease") return b.kind === "lease" && a.ttlMs === b.ttlMs;
  return b.kind === "none";
}

/** True when two lists have equal items in the same order. */
export function sameList<T>(a: readonly T[], b: readonly T[], same: (a: T, b: T) => boolean = Object.is): boolean {
  return a.length === b.length && a.every((item, index) => same(item, b[index] as T));
}

/** True when two records have the same keys with the same values, in any order. */
export function sameRecord(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  if (a === b) return true;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key]);
}

function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.host === b.host && a.name === b.name && a.protocol === b.protocol && a.tls === b.tls;
}

function sameLocality(a: Locality | undefined, b: Locality | undefined): boolean {
  return a === b || (a?.region === b?.region && a?.zone === b?.zone && a?.subZone === b?.subZone && !a === !b);
}

/** True when two instances are probed alike. */
export function sameHealthCheck(a: HealthCheck | undefined, b: HealthCheck | undefined): boolean {
  if (a === b || !a || !b) return a === b;
  return (
    a.endpointName === b.endpointName &&
    a.intervalMs === b.intervalMs &&
    a.timeoutMs === b.timeoutMs &&
    a.unhealthyThreshold === b.unhealthyThreshold &&
    a.healthyThreshold === b.healthyThreshold &&
    sameProbe(a.probe, b.probe)
  );
}

function sameProbe(a: HealthCheck["probe"], b: HealthCheck["probe"]): boolean {
  if (a.kind === "grpc") return b.kind === "grpc" && a.service === b.service;
  if (a.kind === "tcp") return b.kind === "tcp";
  return b.kind === "http" && a.path === b.path && sameList(a.expectedStatuses, b.expectedStatuses);
}
