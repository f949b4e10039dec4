import fc from "fast-check";
import type {
  Health,
  HealthCheck,
  Instance,
  OutlierDetection,
  Protocol,
  Service,
  Voices,
} from "../../../src/model/index.js";

const label = fc.stringMatching(/^[a-z]([-a-z0-9]{0,10}[a-z0-9])?$/);
const labels = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 8 }).filter((key) => key !== "__proto__"),
  fc.string({ maxLength: 8 }),
  { maxKeys: 4, noNullPrototype: true },
);
const health = fc.constantFrom<Health>("starting", "serving", "degraded", "draining", "not-serving");
const locality = fc.record({ region: fc.string(), zone: fc.string(), subZone: fc.string() });
const revision = fc.bigInt({ min: 0n, max: 1n << 62n });

const endpoint = fc.record({
  name: label,
  host: fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()),
  port: fc.integer({ min: 1, max: 65_535 }),
  protocol: fc.constantFrom<Protocol>("unspecified", "grpc", "http", "http2", "tcp"),
  tls: fc.boolean(),
});

const healthCheck: fc.Arbitrary<HealthCheck> = fc.record({
  probe: fc.oneof(
    fc.record({ kind: fc.constant("grpc" as const), service: fc.string() }),
    fc.record({
      kind: fc.constant("http" as const),
      path: fc.string(),
      expectedStatuses: fc.array(fc.integer({ min: 100, max: 599 }), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant("tcp" as const) }),
  ),
  endpointName: fc.oneof(fc.constant(""), label),
  intervalMs: fc.integer({ min: 1_000, max: 300_000 }),
  timeoutMs: fc.integer({ min: 50, max: 300_000 }),
  unhealthyThreshold: fc.integer({ min: 1, max: 100 }),
  healthyThreshold: fc.integer({ min: 1, max: 100 }),
});

const finding = { health, reason: fc.string() };
const untilMs = fc.integer({ min: 1, max: 4_000_000_000_000 });
const voice = fc.oneof(
  fc.record({ probed: fc.record(finding) }),
  fc.record({ observed: fc.record(finding) }),
  fc.record({
    ordered: fc.record({ ...finding, actor: fc.string(), untilMs }, { requiredKeys: ["health", "reason", "actor"] }),
  }),
  fc.record({ held: fc.record({ ...finding, untilMs, times: fc.integer({ min: 1, max: 100 }) }) }),
);
const voices: fc.Arbitrary<Voices> = fc.tuple(voice, voice).map((some) => Object.assign({}, ...some));

const count = fc.nat({ max: 1_000_000 });
const durationMs = fc.integer({ min: 1_000, max: 300_000 });

/** Any settings of outlier detection. */
const outlierDetection: fc.Arbitrary<OutlierDetection> = fc.record(
  {
    consecutive5xx: count,
    intervalMs: durationMs,
    baseEjectionTimeMs: durationMs,
    maxEjectionTimeMs: durationMs,
    maxEjectionPercent: fc.nat({ max: 100 }),
    successRateMinimumHosts: count,
    successRateRequestVolume: count,
    successRateStdevFactor: count,
    failurePercentageThreshold: fc.nat({ max: 100 }),
    failurePercentageMinimumHosts: count,
    failurePercentageRequestVolume: count,
    ejectedHealth: fc.constantFrom("degraded" as const, "not-serving" as const),
  },
  { requiredKeys: [] },
);

/** Any instance, with and without what may be absent. */
export const anyInstance: fc.Arbitrary<Instance> = fc.record(
  {
    namespace: label,
    service: label,
    id: fc.stringMatching(/^[A-Za-z0-9._:-]{1,20}$/),
    endpoints: fc.array(endpoint, { minLength: 1, maxLength: 3 }),
    locality,
    weight: fc.integer({ min: 0, max: 10_000 }),
    version: fc.string(),
    labels,
    reportedHealth: health,
    healthCheck,
    health,
    healthReason: fc.string(),
    voices,
    slowStartPercent: fc.integer({ min: 1, max: 99 }),
    holder: fc.oneof(
      fc.record({ kind: fc.constant("session" as const), sessionId: fc.string({ minLength: 1 }) }),
      fc.record({ kind: fc.constant("lease" as const), ttlMs: fc.integer({ min: 1_000, max: 86_400_000 }) }),
      fc.record({ kind: fc.constant("none" as const) }),
    ),
    registeredAtMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    createRevision: revision,
    modRevision: revision,
  },
  {
    requiredKeys: [
      "namespace",
      "service",
      "id",
      "endpoints",
      "version",
      "labels",
      "reportedHealth",
      "health",
      "healthReason",
      "holder",
      "registeredAtMs",
      "createRevision",
      "modRevision",
    ],
  },
);

/** Any service. */
export const anyService: fc.Arbitrary<Service> = fc.record(
  {
    namespace: label,
    name: label,
    description: fc.string(),
    owner: fc.string(),
    labels,
    grpcServices: fc.array(fc.string(), { maxLength: 3 }),
    panicThresholdPercent: fc.nat({ max: 100 }),
    outlierDetection,
    slowStartMs: fc.integer({ min: 1, max: 3_600_000 }),
    createRevision: revision,
    modRevision: revision,
  },
  {
    requiredKeys: [
      "namespace",
      "name",
      "description",
      "owner",
      "labels",
      "grpcServices",
      "createRevision",
      "modRevision",
    ],
  },
);
