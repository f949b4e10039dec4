import type { DescEnum } from "@bufbuild/protobuf";
import { HealthSchema, ProtocolSchema } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { SeveritySchema } from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";
import {
  DEFAULT_WEIGHT,
  type Endpoint,
  type HealthCheck,
  type Instance,
  type Locality,
  type Service,
} from "../../model/index.js";
import type { LogRecord } from "../../telemetry/index.js";
import { healthToProto, protocolToProto } from "../translate/index.js";
import { flag, int, ints, labels, length, object, objects, optionalInt, text, texts, time } from "./fields.js";
import { type ObjectView, objectView } from "./view.js";

/** What a filter selects, by the name of its variable in the expression. */
export interface FilterSubjects {
  readonly instance: Instance;
  readonly service: Service;
  readonly log: LogRecord;
}

/** The variable that a filter is about. */
export type FilterKind = keyof FilterSubjects;

const locality = objectView<Locality>("Locality", {
  region: text((value) => value.region),
  zone: text((value) => value.zone),
  sub_zone: text((value) => value.subZone),
});

const endpoint = objectView<Endpoint>("Endpoint", {
  name: text((value) => value.name),
  host: text((value) => value.host),
  port: int((value) => value.port),
  protocol: int((value) => protocolToProto(value.protocol)),
  tls: flag((value) => value.tls),
});

type Probe<Kind> = Extract<HealthCheck["probe"], { readonly kind: Kind }>;

const grpcProbe = objectView<Probe<"grpc">>("GrpcProbe", { service: text((value) => value.service) });
const httpProbe = objectView<Probe<"http">>("HttpProbe", {
  path: text((value) => value.path),
  expected_statuses: ints(100, (value) => value.expectedStatuses),
});
const tcpProbe = objectView<Probe<"tcp">>("TcpProbe", {});

const healthCheck = objectView<Partial<HealthCheck>>("HealthCheck", {
  grpc: object(grpcProbe, { kind: "grpc", service: "" }, ({ probe }) => (probe?.kind === "grpc" ? probe : undefined)),
  http: object(httpProbe, { kind: "http", path: "", expectedStatuses: [] }, ({ probe }) =>
    probe?.kind === "http" ? probe : undefined,
  ),
  tcp: object(tcpProbe, { kind: "tcp" }, ({ probe }) => (probe?.kind === "tcp" ? probe : undefined)),
  endpoint_name: text((value) => value.endpointName ?? ""),
  interval: length((value) => value.intervalMs),
  timeout: length((value) => value.timeoutMs),
  unhealthy_threshold: int((value) => value.unhealthyThreshold ?? 0),
  healthy_threshold: int((value) => value.healthyThreshold ?? 0),
});

/** `expires_at` is not here: renewals are no changes of state, so no watch could keep what it says. */
const instance = objectView<Instance>("Instance", {
  namespace: text((value) => value.namespace),
  service: text((value) => value.service),
  id: text((value) => value.id),
  endpoints: objects(endpoint, 16, (value) => value.endpoints),
  locality: object(locality, { region: "", zone: "", subZone: "" }, (value) => value.locality),
  weight: optionalInt(DEFAULT_WEIGHT, (value) => value.weight),
  version: text((value) => value.version),
  labels: labels((value) => value.labels),
  reported_health: int((value) => healthToProto(value.reportedHealth)),
  health_check: object(healthCheck, {}, (value) => value.healthCheck),
  health: int((value) => healthToProto(value.health)),
  health_reason: text((value) => value.healthReason),
  create_revision: int((value) => value.createRevision),
  mod_revision: int((value) => value.modRevision),
  registered_at: time((value) => value.registeredAtMs),
  session_id: text(({ holder }) => (holder.kind === "session" ? holder.sessionId : "")),
  ttl: length(({ holder }) => (holder.kind === "lease" ? holder.ttlMs : undefined)),
});

/** The counts are not here: they are no state of the service, and that they change is not told. */
const service = objectView<Service>("Service", {
  namespace: text((value) => value.namespace),
  name: text((value) => value.name),
  description: text((value) => value.description),
  owner: text((value) => value.owner),
  labels: labels((value) => value.labels),
  grpc_services: texts(100, (value) => value.grpcServices),
  create_revision: int((value) => value.createRevision),
  mod_revision: int((value) => value.modRevision),
});

const log = objectView<LogRecord>("LogRecord", {
  time: time((value) => Number(value.timeNs / 1_000n) / 1_000),
  namespace: text((value) => value.namespace),
  service: text((value) => value.service),
  instance_id: text((value) => value.instanceId),
  severity: int((value) => value.severity),
  body: text((value) => value.body),
  attributes: labels((value) => value.attributes),
  trace_id: text((value) => value.traceId),
  span_id: text((value) => value.spanId),
});

/** Variable -> what it looks like. */
export const VARIABLES: { readonly [Kind in FilterKind]: ObjectView<FilterSubjects[Kind]> } = {
  instance,
  service,
  log,
};

/** Names of enum values that a filter may use: "HEALTH_SERVING" -> 2. */
export const CONSTANTS: ReadonlyMap<string, bigint> = new Map(
  [HealthSchema, ProtocolSchema, SeveritySchema].flatMap((desc: DescEnum) =>
    desc.values.map((value) => [value.name, BigInt(value.number)] as const),
  ),
);
