import { create, type DescMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import {
  BackupRequestSchema,
  CompactRequestSchema,
  GetInfoRequestSchema,
  ListXdsClientsRequestSchema,
  ListXdsResourcesRequestSchema,
} from "../../../gen/portolan/admin/v1/admin_pb.js";
import {
  ResolveRequestSchema,
  WatchRequestSchema,
  WatchServicesRequestSchema,
} from "../../../gen/portolan/discovery/v1/discovery_pb.js";
import {
  ClearHealthOverrideRequestSchema,
  DeleteServiceRequestSchema,
  DeregisterRequestSchema,
  DrainServiceRequestSchema,
  GetInstanceRequestSchema,
  GetServiceRequestSchema,
  Health,
  ListInstancesRequestSchema,
  ListServicesRequestSchema,
  PutServiceRequestSchema,
  RegisterBatchRequestSchema,
  RegisterRequestSchema,
  RenewRequestSchema,
  SessionRequestSchema,
  SetHealthOverrideRequestSchema,
  UpdateInstanceRequestSchema,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import {
  GetServiceStatusRequestSchema,
  GetTopologyRequestSchema,
  type GroupBy,
  QueryCallsRequestSchema,
  QueryEventsRequestSchema,
  QueryLogsRequestSchema,
  ReportCallsRequestSchema,
  type Severity,
  TailEventsRequestSchema,
  TailLogsRequestSchema,
  WatchServiceStatusRequestSchema,
  WriteLogsRequestSchema,
} from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";

/** A request that the rules accept, and what is wrong with it after a change: the fields that must be named. */
export interface RequestCase {
  readonly name: string;
  readonly desc: DescMessage;
  readonly good: Message;
  readonly bad: readonly { readonly message: Message; readonly fields: readonly string[] }[];
}

type Bad<Desc extends DescMessage> = readonly [MessageInitShape<Desc>, ...string[]];

function request<Desc extends DescMessage>(
  desc: Desc,
  good: MessageInitShape<Desc>,
  ...bad: readonly Bad<Desc>[]
): RequestCase {
  return {
    name: desc.name,
    desc,
    good: create(desc, good),
    bad: bad.map(([change, ...fields]) => ({
      message: create(desc, { ...(good as object), ...(change as object) } as MessageInitShape<Desc>),
      fields,
    })),
  };
}

const endpoint = { name: "grpc", host: "10.0.0.5", port: 8080, protocol: 1 };
const instance = {
  service: "checkout",
  id: "a1",
  endpoints: [endpoint],
  healthCheck: { probe: { case: "tcp" as const, value: {} } },
};
const ref = { service: "checkout", id: "a1" };
const long = (length: number) => "x".repeat(length);
const many = <T>(length: number, item: T) => Array.from({ length }, () => item);
const labels = (length: number) => Object.fromEntries(many(length, "").map((value, index) => [`k${index}`, value]));
const seconds = (count: number, nanos = 0) => ({ seconds: BigInt(count), nanos });
const withInstance = (change: object) => ({ instance: { ...instance, ...change } });
const withCheck = (change: object) => withInstance({ healthCheck: { ...instance.healthCheck, ...change } });
const withEndpoint = (change: object) => withInstance({ endpoints: [{ ...endpoint, ...change }] });

const badInstances: readonly (readonly [object, ...string[]])[] = [
  [{ instance: undefined }, "instance"],
  [withInstance({ namespace: "Not-A-Label" }), "instance.namespace"],
  [withInstance({ namespace: "*" }), "instance.namespace"],
  [withInstance({ service: "" }), "instance.service"],
  [withInstance({ service: "1st" }), "instance.service"],
  [withInstance({ service: "ends-" }), "instance.service"],
  [withInstance({ service: long(64) }), "instance.service"],
  [withInstance({ service: "a.b" }), "instance.service"],
  [withInstance({ id: "" }), "instance.id"],
  [withInstance({ id: "a b" }), "instance.id"],
  [withInstance({ id: "a/b" }), "instance.id"],
  [withInstance({ id: long(129) }), "instance.id"],
  [withInstance({ endpoints: [] }), "instance.endpoints"],
  [withInstance({ endpoints: many(17, endpoint) }), "instance.endpoints"],
  [withEndpoint({ name: "HTTP" }), "instance.endpoints[0].name"],
  [withInstance({ endpoints: [endpoint, endpoint] }), "instance.endpoints[1].name"],
  [
    withInstance({
      endpoints: [
        { ...endpoint, name: "" },
        { ...endpoint, name: "default" },
      ],
    }),
    "instance.endpoints[1].name",
  ],
  [withEndpoint({ host: "" }), "instance.endpoints[0].host"],
  [withEndpoint({ host: "10.0.0.256" }), "instance.endpoints[0].host"],
  [withEndpoint({ host: "[::1]" }), "instance.endpoints[0].host"],
  [withEndpoint({ host: "fe80::1%eth0" }), "instance.endpoints[0].host"],
  [withEndpoint({ host: "http://x" }), "instance.endpoints[0].host"],
  [withEndpoint({ host: `${long(60)}.${long(60)}.${long(60)}.${long(60)}.${long(60)}` }), "instance.endpoints[0].host"],
  [withEndpoint({ host: long(64) }), "instance.endpoints[0].host"],
  [withEndpoint({ port: 0 }), "instance.endpoints[0].port"],
  [withEndpoint({ port: 70_000 }), "instance.endpoints[0].port"],
  [withEndpoint({ protocol: 99 }), "instance.endpoints[0].protocol"],
  [withInstance({ locality: { region: long(65) } }), "instance.locality.region"],
  [withInstance({ locality: { zone: long(65) } }), "instance.locality.zone"],
  [withInstance({ locality: { subZone: long(65) } }), "instance.locality.sub_zone"],
  [withInstance({ weight: 10_001 }), "instance.weight"],
  [withInstance({ version: long(129) }), "instance.version"],
  [withInstance({ labels: labels(65) }), "instance.labels"],
  [withInstance({ labels: { "": "x" } }), 'instance.labels[""]'],
  [withInstance({ labels: { env: long(1_025) } }), 'instance.labels["env"]'],
  [withInstance({ labels: { env: "é".repeat(513) } }), 'instance.labels["env"]'],
  [withInstance({ labels: { [long(129)]: "" } }), `instance.labels["${long(64)}…"]`],
  [withInstance({ reportedHealth: 99 }), "instance.reported_health"],
  [withInstance({ healthCheck: {} }), "instance.health_check.probe"],
  [withCheck({ probe: { case: "grpc", value: { service: long(257) } } }), "instance.health_check.grpc.service"],
  [withCheck({ probe: { case: "http", value: { path: "health" } } }), "instance.health_check.http.path"],
  [
    withCheck({ probe: { case: "http", value: { path: "/", expectedStatuses: [200, 600] } } }),
    "instance.health_check.http.expected_statuses[1]",
  ],
  [
    withCheck({ probe: { case: "http", value: { path: "/", expectedStatuses: many(101, 200) } } }),
    "instance.health_check.http.expected_statuses",
  ],
  [withCheck({ endpointName: "admin" }), "instance.health_check.endpoint_name"],
  [withCheck({ endpointName: "A" }), "instance.health_check.endpoint_name", "instance.health_check.endpoint_name"],
  [withCheck({ interval: seconds(0, 999_999_999) }), "instance.health_check.interval", "instance.health_check.timeout"],
  [withCheck({ interval: seconds(301) }), "instance.health_check.interval"],
  [withCheck({ timeout: seconds(0, 49_999_999) }), "instance.health_check.timeout"],
  [withCheck({ interval: seconds(2), timeout: seconds(3) }), "instance.health_check.timeout"],
  [withCheck({ timeout: seconds(11) }), "instance.health_check.timeout"],
  [withCheck({ timeout: seconds(1, -1) }), "instance.health_check.timeout"],
  [withCheck({ unhealthyThreshold: 101 }), "instance.health_check.unhealthy_threshold"],
  [withCheck({ healthyThreshold: 101 }), "instance.health_check.healthy_threshold"],
  [
    withInstance({ labels: Object.fromEntries(many(64, 0).map((_, index) => [`${long(90)}${index}`, long(1_000)])) }),
    "instance",
  ],
  [withInstance({ id: "", weight: 10_001 }), "instance.id", "instance.weight"],
];

const withDetection = (change: object) => ({ service: { name: "a", outlierDetection: change } });
const detection = "service.outlier_detection";
const badDetections: readonly (readonly [object, ...string[]])[] = [
  [withDetection({ consecutive5xx: 1_000_001 }), `${detection}.consecutive_5xx`],
  [withDetection({ interval: seconds(0, 1) }), `${detection}.interval`],
  [withDetection({ baseEjectionTime: seconds(3_601) }), `${detection}.base_ejection_time`],
  [withDetection({ maxEjectionTime: seconds(86_401) }), `${detection}.max_ejection_time`],
  [withDetection({ maxEjectionPercent: 101 }), `${detection}.max_ejection_percent`],
  [withDetection({ successRateMinimumHosts: 1_000_001 }), `${detection}.success_rate_minimum_hosts`],
  [withDetection({ successRateRequestVolume: 1_000_001 }), `${detection}.success_rate_request_volume`],
  [withDetection({ successRateStdevFactor: 1_000_001 }), `${detection}.success_rate_stdev_factor`],
  [withDetection({ failurePercentageThreshold: 101 }), `${detection}.failure_percentage_threshold`],
  [withDetection({ failurePercentageMinimumHosts: 1_000_001 }), `${detection}.failure_percentage_minimum_hosts`],
  [withDetection({ failurePercentageRequestVolume: 1_000_001 }), `${detection}.failure_percentage_request_volume`],
  [withDetection({ ejectedHealth: Health.DRAINING }), `${detection}.ejected_health`],
];
const expected = [{ expectedRevision: -1n }, "expected_revision"] as const;
const refs = (field: string): readonly (readonly [object, ...string[]])[] => [
  [{ instance: undefined }, field],
  [{ instance: { ...ref, namespace: "-" } }, `${field}.namespace`],
  [{ instance: { ...ref, service: "-" } }, `${field}.service`],
  [{ instance: { ...ref, id: "" } }, `${field}.id`],
];
const pages = [
  [{ pageSize: 1_001 }, "page_size"],
  [{ pageToken: long(4_097) }, "page_token"],
] as const;
const bookmarks = [
  [{ afterRevision: -1n }, "after_revision"],
  [{ bookmarkInterval: seconds(0) }, "bookmark_interval"],
  [{ bookmarkInterval: seconds(601) }, "bookmark_interval"],
] as const;
const viewers = [
  [{ locality: { region: long(65) } }, "locality.region"],
  [{ consumer: "Not a name" }, "consumer"],
] as const;
const range = [
  [{ start: seconds(1, -1) }, "start"],
  [{ end: seconds(253_402_300_800) }, "end"],
  [{ start: seconds(10), end: seconds(9) }, "end"],
] as const;
const windows = [
  [{ window: seconds(0, 999_999_999) }, "window"],
  [{ window: seconds(86_401) }, "window"],
] as const;
const logQueries = [
  [{ query: { namespace: "-" } }, "query.namespace"],
  [{ query: { service: "-" } }, "query.service"],
  [{ query: { instanceId: "a b" } }, "query.instance_id"],
  [{ query: { minSeverity: 2 as Severity } }, "query.min_severity"],
  [{ query: { contains: long(257) } }, "query.contains"],
  [{ query: { traceId: "ABC" } }, "query.trace_id"],
  [{ query: { filter: "log.nothing" } }, "query.filter"],
] as const;
const eventQueries = [
  [{ query: { namespace: "-" } }, "query.namespace"],
  [{ query: { service: "-" } }, "query.service"],
  [{ query: { type: "Instance Gone" } }, "query.type"],
  [{ query: { actor: long(257) } }, "query.actor"],
] as const;

const updated = { instance: ref, updateMask: { paths: ["version", "version"] } };
const masked = (path: string, change: object) => ({ instance: { ...ref, ...change }, updateMask: { paths: [path] } });
const updates: readonly (readonly [object, ...string[]])[] = [
  [{ instance: undefined }, "instance"],
  [{ instance: { ...ref, namespace: "-" } }, "instance.namespace"],
  [{ instance: { ...ref, service: "" } }, "instance.service"],
  [{ instance: { ...ref, id: "" } }, "instance.id"],
  [{ updateMask: undefined }, "update_mask"],
  [{ updateMask: { paths: [] } }, "update_mask"],
  [{ updateMask: { paths: many(101, "version") } }, "update_mask"],
  [{ updateMask: { paths: ["version", "health"] } }, "update_mask.paths[1]"],
  [{ updateMask: { paths: ["nothing"] } }, "update_mask.paths[0]"],
  [{ updateMask: { paths: ["labels.env"] } }, "update_mask.paths[0]"],
  [{ updateMask: { paths: ["id"] } }, "update_mask.paths[0]"],
  [{ updateMask: { paths: ["*"] } }, "update_mask.paths[0]"],
  [masked("endpoints", {}), "instance.endpoints"],
  [masked("endpoints", { endpoints: [{ ...endpoint, port: 0 }] }), "instance.endpoints[0].port"],
  [masked("endpoints", { endpoints: [endpoint, endpoint] }), "instance.endpoints[1].name"],
  [masked("locality", { locality: { zone: long(65) } }), "instance.locality.zone"],
  [masked("weight", { weight: 10_001 }), "instance.weight"],
  [masked("version", { version: long(129) }), "instance.version"],
  [masked("labels", { labels: { "": "" } }), 'instance.labels[""]'],
  [masked("reported_health", { reportedHealth: 9 }), "instance.reported_health"],
  [masked("health_check", { healthCheck: {} }), "instance.health_check.probe"],
  [expected[0], expected[1]],
];

const within = (kase: string, changes: readonly (readonly [object, ...string[]])[], good: object) =>
  changes.map(([change, ...fields]) => [
    { requestId: 1n, request: { case: kase, value: { ...good, ...change } } },
    ...fields.map((field) => `${kase}.${field}`),
  ]) as unknown as readonly Bad<typeof SessionRequestSchema>[];

const stats = { service: "checkout", method: "/a.B/C", callsByCode: { 0: 3n, 14: 1n } };
const histogram = { boundsMs: [1, 5], counts: [1n, 2n, 1n], sumMs: 12 };
const withStats = (change: object) => ({ stats: [{ ...stats, ...change }] });
const record = { service: "checkout", body: "paid" };
const withRecord = (change: object) => ({ records: [{ ...record, ...change }] });

/** Every request of every service, with something wrong in each of its fields. */
export const REQUESTS: readonly RequestCase[] = [
  request(
    PutServiceRequestSchema,
    { service: { name: "checkout", grpcServices: ["acme.checkout.v1.CheckoutService"] } },
    [{ service: undefined }, "service"],
    [{ service: { name: "" } }, "service.name"],
    [{ service: { name: "*" } }, "service.name"],
    [{ service: { name: "a", namespace: "A" } }, "service.namespace"],
    [{ service: { name: "a", description: long(1_025) } }, "service.description"],
    [{ service: { name: "a", owner: long(129) } }, "service.owner"],
    [{ service: { name: "a", labels: labels(65) } }, "service.labels"],
    [{ service: { name: "a", grpcServices: ["ok.Service", "not a name"] } }, "service.grpc_services[1]"],
    [{ service: { name: "a", grpcServices: many(101, "a.B") } }, "service.grpc_services"],
    [{ service: { name: "", owner: long(129) } }, "service.name", "service.owner"],
    [{ service: { name: "a", panicThresholdPercent: 101 } }, "service.panic_threshold_percent"],
    [{ service: { name: "a", slowStartWindow: seconds(3_601) } }, "service.slow_start_window"],
    ...(badDetections as readonly Bad<typeof PutServiceRequestSchema>[]),
    expected,
  ),
  request(
    SetHealthOverrideRequestSchema,
    { instance: ref, health: Health.DRAINING, reason: "new kernel", expiresAfter: seconds(3_600) },
    [{ instance: undefined }, "instance"],
    [{ instance: { ...ref, id: "" } }, "instance.id"],
    [{ health: Health.UNSPECIFIED }, "health"],
    [{ health: Health.STARTING }, "health"],
    [{ health: 99 as Health }, "health"],
    [{ reason: "" }, "reason"],
    [{ reason: long(257) }, "reason"],
    [{ expiresAfter: seconds(0, 5) }, "expires_after"],
    [{ expiresAfter: seconds(30 * 86_400 + 1) }, "expires_after"],
    expected,
  ),
  request(
    ClearHealthOverrideRequestSchema,
    { service: "checkout" },
    [{ namespace: "A" }, "namespace"],
    [{ service: "" }, "service"],
    [{ instanceId: "a b" }, "instance_id"],
    [{ instanceId: long(129) }, "instance_id"],
  ),
  request(
    DrainServiceRequestSchema,
    { name: "checkout", reason: "moving" },
    [{ namespace: "A" }, "namespace"],
    [{ name: "*" }, "name"],
    [{ reason: "" }, "reason"],
    [{ expiresAfter: seconds(-1) }, "expires_after"],
  ),
  request(GetServiceRequestSchema, { name: "a" }, [{ name: "" }, "name"], [{ namespace: "A" }, "namespace"]),
  request(
    DeleteServiceRequestSchema,
    { name: "a", cascade: true },
    [{ name: "" }, "name"],
    [{ namespace: "A" }, "namespace"],
    expected,
  ),
  request(
    ListServicesRequestSchema,
    { namespace: "*", filter: 'service.owner == "pay"', pageSize: 1_000 },
    [{ namespace: "A" }, "namespace"],
    [{ filter: "service.name" }, "filter"],
    [{ filter: "instance.id == 'a'" }, "filter"],
    ...pages,
  ),
  request(
    RegisterRequestSchema,
    { instance, ttl: seconds(0), expectedRevision: 0n },
    ...(badInstances as readonly Bad<typeof RegisterRequestSchema>[]),
    [{ ttl: seconds(0, 999_999_999) }, "ttl"],
    [{ ttl: seconds(86_401) }, "ttl"],
    [{ ttl: seconds(-1) }, "ttl"],
    [{ ttl: seconds(30, -1) }, "ttl"],
    [{ ttl: seconds(315_576_000_001) }, "ttl"],
    expected,
  ),
  request(
    RegisterBatchRequestSchema,
    { requests: [{ instance }, { instance: { ...instance, id: "a2" } }] },
    [{ requests: [] }, "requests"],
    [{ requests: many(1_001, { instance }) }, "requests"],
    [{ requests: [{ instance }, {}] }, "requests[1].instance"],
    [{ requests: [{ instance }, { instance: { ...instance, namespace: "default" } }] }, "requests[1].instance"],
    [{ requests: [{ instance, ttl: seconds(-1) }] }, "requests[0].ttl"],
    [{ requests: [{ instance: { ...instance, labels: { "": "x" } } }] }, 'requests[0].instance.labels[""]'],
    [
      {
        requests: many(50, 0).map((_, index) => ({
          instance: {
            ...instance,
            id: `a${index}`,
            labels: Object.fromEntries(many(54, 0).map((_, key) => [`k${key}`, long(1_000)])),
          },
        })),
      },
      "requests",
    ],
  ),
  request(
    RenewRequestSchema,
    { instances: [ref] },
    [{ instances: [] }, "instances"],
    [{ instances: many(1_001, ref) }, "instances"],
    [{ instances: [ref, { ...ref, namespace: "default" }] }, "instances[1]"],
    [{ instances: [{ ...ref, id: "" }] }, "instances[0].id"],
  ),
  request(UpdateInstanceRequestSchema, updated, ...(updates as readonly Bad<typeof UpdateInstanceRequestSchema>[])),
  request(
    DeregisterRequestSchema,
    { instance: ref, drain: seconds(3_600) },
    ...(refs("instance") as readonly Bad<typeof DeregisterRequestSchema>[]),
    [{ drain: seconds(3_601) }, "drain"],
    [{ drain: seconds(-1) }, "drain"],
  ),
  request(
    GetInstanceRequestSchema,
    { instance: ref },
    ...(refs("instance") as readonly Bad<typeof GetInstanceRequestSchema>[]),
  ),
  request(
    ListInstancesRequestSchema,
    { service: "checkout", filter: "instance.weight > 5" },
    [{ namespace: "A" }, "namespace"],
    [{ service: "*" }, "service"],
    [{ filter: "instance.nope == 1" }, "filter"],
    [{ filter: "x".repeat(4_097) }, "filter"],
    ...pages,
  ),
  request(
    SessionRequestSchema,
    { requestId: 1n, request: { case: "ping", value: {} } },
    [{ request: { case: undefined } }, "request"],
    [{ request: { case: "open", value: { client: long(257) } } }, "open.client"],
    [{ request: { case: "open", value: { ttl: seconds(0) } } }, "open.ttl"],
    [{ request: { case: "open", value: { ttl: seconds(3_601) } } }, "open.ttl"],
    [{ request: { case: "open", value: { resumeToken: long(513) } } }, "open.resume_token"],
    ...within("register", [...badInstances, expected], { instance }),
    ...within("update", updates, updated),
    ...within("deregister", refs("instance"), { instance: ref }),
    ...within("deregister", [[{ drain: seconds(-1) }, "drain"]], { instance: ref }),
  ),
  request(
    ResolveRequestSchema,
    { target: { service: "checkout", filter: 'instance.labels.env == "prod"', endpointName: "grpc" } },
    [{ target: undefined }, "target"],
    [{ target: { service: "*" } }, "target.service"],
    [{ target: { service: "" } }, "target.service"],
    [{ target: { service: "a", namespace: "*" } }, "target.namespace"],
    [{ target: { service: "a", filter: "instance.id ==" } }, "target.filter"],
    [{ target: { service: "a", endpointName: "A" } }, "target.endpoint_name"],
    [{ minRevision: -1n }, "min_revision"],
    ...viewers,
  ),
  request(
    WatchRequestSchema,
    { targets: [{ service: "*" }], bookmarkInterval: seconds(600) },
    [{ targets: [] }, "targets"],
    [{ targets: many(1_001, { service: "a" }) }, "targets"],
    [{ targets: [{ service: "a" }, { service: "A", filter: "1" }] }, "targets[1].service", "targets[1].filter"],
    ...viewers,
    ...bookmarks,
  ),
  request(
    WatchServicesRequestSchema,
    { namespace: "*" },
    [{ namespace: "A" }, "namespace"],
    [{ filter: "service.nope" }, "filter"],
    ...bookmarks,
  ),
  request(
    ReportCallsRequestSchema,
    { start: seconds(1), end: seconds(2), stats: [{ ...stats, latency: histogram }] },
    [{ start: undefined }, "start"],
    [{ end: undefined }, "end"],
    ...range,
    [{ stats: [] }, "stats"],
    [{ stats: many(1_001, stats) }, "stats"],
    [withStats({ consumerNamespace: "A" }), "stats[0].consumer_namespace"],
    [withStats({ consumer: "A" }), "stats[0].consumer"],
    [withStats({ namespace: "A" }), "stats[0].namespace"],
    [withStats({ service: "" }), "stats[0].service"],
    [withStats({ instanceId: "a b" }), "stats[0].instance_id"],
    [withStats({ method: long(257) }), "stats[0].method"],
    [withStats({ callsByCode: { 17: 1n } }), "stats[0].calls_by_code[17]"],
    [withStats({ latency: { ...histogram, boundsMs: [5, 5] } }), "stats[0].latency.bounds_ms[1]"],
    [withStats({ latency: { ...histogram, boundsMs: [1, Number.NaN] } }), "stats[0].latency.bounds_ms[1]"],
    [
      withStats({ latency: { ...histogram, boundsMs: [1, Number.POSITIVE_INFINITY] } }),
      "stats[0].latency.bounds_ms[1]",
    ],
    [withStats({ latency: { ...histogram, counts: [1n] } }), "stats[0].latency.counts"],
    [withStats({ latency: { ...histogram, sumMs: Number.NaN } }), "stats[0].latency.sum_ms"],
    [withStats({ latency: { ...histogram, sumMs: -1 } }), "stats[0].latency.sum_ms"],
  ),
  request(
    QueryCallsRequestSchema,
    { service: "checkout", step: seconds(1), groupBy: [1, 2] },
    [{ namespace: "A" }, "namespace"],
    [{ service: "A" }, "service"],
    [{ consumer: "A" }, "consumer"],
    [{ instanceId: "a b" }, "instance_id"],
    [{ method: long(257) }, "method"],
    [{ step: seconds(0, 999_999_999) }, "step"],
    [{ groupBy: [0] }, "group_by[0]"],
    [{ groupBy: [99 as GroupBy] }, "group_by[0]"],
    [{ groupBy: [1, 1] }, "group_by[1]"],
    ...range,
  ),
  request(
    GetServiceStatusRequestSchema,
    { service: "a", window: seconds(1) },
    [{ namespace: "A" }, "namespace"],
    [{ service: "*" }, "service"],
    ...windows,
  ),
  request(
    WatchServiceStatusRequestSchema,
    { service: "*" },
    [{ namespace: "A" }, "namespace"],
    [{ service: "" }, "service"],
    ...windows,
  ),
  request(
    WriteLogsRequestSchema,
    { records: [{ ...record, time: seconds(1), severity: 9, traceId: "0".repeat(32), spanId: "f".repeat(16) }] },
    [{ records: [] }, "records"],
    [{ records: many(1_001, record) }, "records"],
    [withRecord({ time: seconds(1, -1) }), "records[0].time"],
    [withRecord({ namespace: "A" }), "records[0].namespace"],
    [withRecord({ service: "" }), "records[0].service"],
    [withRecord({ instanceId: "a b" }), "records[0].instance_id"],
    [withRecord({ severity: 2 }), "records[0].severity"],
    [withRecord({ body: long(65_537) }), "records[0].body"],
    [withRecord({ attributes: { a: long(8_193) } }), 'records[0].attributes["a"]'],
    [withRecord({ traceId: "0".repeat(31) }), "records[0].trace_id"],
    [withRecord({ spanId: "F".repeat(16) }), "records[0].span_id"],
  ),
  request(
    QueryLogsRequestSchema,
    { query: { filter: "log.severity >= SEVERITY_WARN" } },
    ...logQueries,
    ...range,
    ...pages,
  ),
  request(TailLogsRequestSchema, { backlog: 1_000 }, ...logQueries, [{ backlog: 1_001 }, "backlog"]),
  request(QueryEventsRequestSchema, { query: { type: "instance." } }, ...eventQueries, ...range, ...pages),
  request(TailEventsRequestSchema, {}, ...eventQueries, [{ afterRevision: -1n }, "after_revision"]),
  request(GetTopologyRequestSchema, { namespace: "*" }, [{ namespace: "A" }, "namespace"], ...windows),
  request(GetInfoRequestSchema, {}),
  request(BackupRequestSchema, {}),
  request(CompactRequestSchema, { revision: 0n }, [{ revision: -1n }, "revision"]),
  request(ListXdsClientsRequestSchema, {}, [{ node: "n".repeat(257) }, "node"], ...pages),
  request(
    ListXdsResourcesRequestSchema,
    { node: "n" },
    [{ node: "" }, "node"],
    [{ node: "n".repeat(257) }, "node"],
    ...pages,
  ),
];
