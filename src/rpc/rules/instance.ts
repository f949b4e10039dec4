import {
  EndpointSchema,
  HealthSchema,
  InstanceRefSchema,
  InstanceSchema,
  LocalitySchema,
  ProtocolSchema,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import { healthCheckRules } from "./health-check.js";
import { host } from "./host.js";
import { checkSize, type DescribedInstance, MAX_ENDPOINTS } from "./instance-size.js";
import { free, list, outputOnly, type Report, rulesFor } from "./message-rules.js";
import { instanceId, name, nameOrEmpty, namespace } from "./names.js";
import { integer, known, labels, textUpTo } from "./values.js";

/** One address and port. */
export const endpointRules = rulesFor(EndpointSchema, {
  name: nameOrEmpty,
  host,
  port: integer(1, 65_535),
  protocol: known(ProtocolSchema, true),
  tls: free,
});

/** Where something runs. */
export const localityRules = rulesFor(LocalitySchema, {
  region: textUpTo(64),
  zone: textUpTo(64),
  subZone: textUpTo(64),
});

/** One registered process, as a client describes it. */
export const instanceRules = rulesFor(
  InstanceSchema,
  {
    namespace,
    service: name,
    id: instanceId,
    endpoints: list(endpointRules.type, 1, MAX_ENDPOINTS),
    locality: localityRules.type.optional(),
    weight: integer(0, 10_000).optional(),
    version: textUpTo(128),
    labels: labels(1_024),
    reportedHealth: known(HealthSchema, true),
    healthCheck: healthCheckRules.type.optional(),
    health: outputOnly,
    healthReason: outputOnly,
    createRevision: outputOnly,
    modRevision: outputOnly,
    registeredAt: outputOnly,
    sessionId: outputOnly,
    expiresAt: outputOnly,
    ttl: outputOnly,
    healthVoices: outputOnly,
    slowStartPercent: outputOnly,
  },
  (instance, report) => {
    checkEndpointNames(instance, report);
    checkProbedEndpoint(instance, report);
    checkSize(instance, report);
  },
);

/** The name of an instance. */
export const instanceRefRules = rulesFor(InstanceRefSchema, { namespace, service: name, id: instanceId });

/** Endpoint names are unique within the instance; an empty one means "default". */
export function checkEndpointNames(instance: DescribedInstance, report: Report): void {
  if (instance.endpoints.length < 2 || instance.endpoints.length > MAX_ENDPOINTS) return;
  const seen = new Set<string>();
  for (const [index, endpoint] of instance.endpoints.entries()) {
    const called = endpoint.name || "default";
    if (seen.has(called)) report(["endpoints", index, "name"], "must be unique within the instance");
    seen.add(called);
  }
}

/** The endpoint that a health check names is one of the instance's. */
export function checkProbedEndpoint(instance: DescribedInstance, report: Report): void {
  const probed = instance.healthCheck?.endpointName;
  if (!probed || instance.endpoints.some((endpoint) => (endpoint.name || "default") === probed)) return;
  report(["healthCheck", "endpointName"], "must name one of the instance's endpoints");
}
