import { create, toBinary } from "@bufbuild/protobuf";
import {
  EndpointSchema,
  GrpcProbeSchema,
  HealthCheckSchema,
  HealthSchema,
  HttpProbeSchema,
  type Instance,
  InstanceRefSchema,
  InstanceSchema,
  LocalitySchema,
  ProtocolSchema,
  TcpProbeSchema,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import { durationMsFromProto } from "../translate/index.js";
import { host } from "./host.js";
import { free, list, oneOf, outputOnly, type Report, rulesFor } from "./message-rules.js";
import { instanceId, name, nameOrEmpty, namespace } from "./names.js";
import { duration, isDuration } from "./times.js";
import { integer, known, labels, textLike, textUpTo } from "./values.js";

/** Output-only fields apart. */
const MAX_INSTANCE_BYTES = 65_536;

const MAX_ENDPOINTS = 16;
const MAX_STATUSES = 100;
const DEFAULT_INTERVAL_MS = 10_000;
const DEFAULT_TIMEOUT_MS = 1_000;
const MAX_INTERVAL_MS = 300_000;

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

/** The probes. */
export const grpcProbeRules = rulesFor(GrpcProbeSchema, { service: textUpTo(256) });
export const httpProbeRules = rulesFor(HttpProbeSchema, {
  path: textLike(/^\/[^\s#]{0,2047}$/, 'must begin with "/" and have at most 2,048 characters, no space and no #'),
  expectedStatuses: list(integer(100, 599), 0, MAX_STATUSES),
});
export const tcpProbeRules = rulesFor(TcpProbeSchema, {});

/** How an instance is probed; that the endpoint exists is a rule of the instance. */
export const healthCheckRules = rulesFor(
  HealthCheckSchema,
  {
    probe: oneOf({ grpc: grpcProbeRules, http: httpProbeRules, tcp: tcpProbeRules }, true),
    endpointName: nameOrEmpty,
    interval: duration({ minMs: 1_000, maxMs: MAX_INTERVAL_MS }),
    timeout: duration({ minMs: 50, maxMs: MAX_INTERVAL_MS }),
    unhealthyThreshold: integer(0, 100),
    healthyThreshold: integer(0, 100),
  },
  ({ interval, timeout }, report) => {
    if ((interval && !isDuration(interval)) || (timeout && !isDuration(timeout))) return;
    const intervalMs = interval ? durationMsFromProto(interval) : DEFAULT_INTERVAL_MS;
    const timeoutMs = timeout ? durationMsFromProto(timeout) : DEFAULT_TIMEOUT_MS;
    if (timeoutMs > intervalMs && timeoutMs <= MAX_INTERVAL_MS) report(["timeout"], "must be at most the interval");
  },
);

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
  },
  (instance, report) => {
    checkEndpointNames(instance, report);
    checkProbedEndpoint(instance, report);
    checkSize(instance, report);
  },
);

/** The name of an instance. */
export const instanceRefRules = rulesFor(InstanceRefSchema, { namespace, service: name, id: instanceId });

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

/** An instance encodes to at most 64 KiB; where its endpoints are too many anyway, that is said and not this. */
export function checkSize(instance: DescribedInstance, report: Report): void {
  if (instance.endpoints.length > MAX_ENDPOINTS || encodedBytes(instance) <= MAX_INSTANCE_BYTES) return;
  report([], "must encode to at most 64 KiB");
}

/** How many bytes an instance encodes to; an upper bound where that is small, because encoding costs more than the rules. */
export function encodedBytes(instance: DescribedInstance): number {
  const bound = upperBound(instance);
  return bound <= SMALL_BYTES ? bound : exactBytes(instance);
}

const SMALL_BYTES = 2_048;
const FIXED_BYTES = 256;
const MAX_BYTES_A_CHARACTER = 3;

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
    ...(locality && { locality: { ...locality, $typeName: undefined } }),
    ...(weight !== undefined && { weight }),
    ...(healthCheck && { healthCheck: { ...healthCheck, $typeName: undefined } }),
  });
  return toBinary(InstanceSchema, described).length;
}
