import fc from "fast-check";
import type { ChangeSet, Entity, HealthCheck, Instance, Service } from "../../../src/model/index.js";
import { keyOf } from "../../../src/model/index.js";

const anyText = fc.string({ maxLength: 12, unit: "grapheme" });
const anyUint = fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 0xffffffff }));
const anyRevision = fc.bigInt(0n, 2n ** 63n - 1n);
const anyLabels = fc.dictionary(anyText, anyText, { maxKeys: 4, noNullPrototype: true });
const anyHealth = fc.constantFrom("serving", "degraded", "starting", "draining", "not-serving");

const anyEndpoint = fc.record({
  name: anyText,
  host: anyText,
  port: fc.nat({ max: 65_535 }),
  protocol: fc.constantFrom("unspecified", "grpc", "http", "http2", "tcp"),
  tls: fc.boolean(),
});

const anyHealthCheck: fc.Arbitrary<HealthCheck> = fc.record({
  probe: fc.oneof(
    fc.record({ kind: fc.constant("grpc" as const), service: anyText }),
    fc.record({ kind: fc.constant("http" as const), path: anyText, expectedStatuses: fc.array(anyUint) }),
    fc.record({ kind: fc.constant("tcp" as const) }),
  ),
  endpointName: anyText,
  intervalMs: anyUint,
  timeoutMs: anyUint,
  unhealthyThreshold: anyUint,
  healthyThreshold: anyUint,
});

const anyFinding = { health: anyHealth, reason: anyText };
const anyMs = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const anyVoice = fc.oneof(
  fc.record({ probed: fc.record(anyFinding) }),
  fc.record({ observed: fc.record(anyFinding) }),
  fc.record({
    ordered: fc.record(
      { ...anyFinding, actor: anyText, untilMs: anyMs },
      { requiredKeys: ["health", "reason", "actor"] },
    ),
  }),
  fc.record({ held: fc.record({ ...anyFinding, untilMs: anyMs, times: fc.integer({ min: 1, max: 0xffffffff }) }) }),
);
const anyVoices = fc.tuple(anyVoice, anyVoice, anyVoice).map((voices) => Object.assign({}, ...voices));

const anyOutlierDetection = fc.record(
  {
    consecutive5xx: anyUint,
    intervalMs: anyUint,
    baseEjectionTimeMs: anyUint,
    maxEjectionTimeMs: anyUint,
    maxEjectionPercent: anyUint,
    successRateMinimumHosts: anyUint,
    successRateRequestVolume: anyUint,
    successRateStdevFactor: anyUint,
    failurePercentageThreshold: anyUint,
    failurePercentageMinimumHosts: anyUint,
    failurePercentageRequestVolume: anyUint,
    ejectedHealth: fc.constantFrom("degraded" as const, "not-serving" as const),
  },
  { requiredKeys: [] },
);

const anyInstance = fc.record(
  {
    namespace: anyText,
    service: anyText,
    id: anyText,
    endpoints: fc.array(anyEndpoint, { maxLength: 3 }),
    locality: fc.record({ region: anyText, zone: anyText, subZone: anyText }),
    weight: anyUint,
    version: anyText,
    labels: anyLabels,
    reportedHealth: anyHealth,
    healthCheck: anyHealthCheck,
    health: anyHealth,
    healthReason: anyText,
    holder: fc.oneof(
      fc.record({ kind: fc.constant("session"), sessionId: anyText }),
      fc.record({ kind: fc.constant("lease"), ttlMs: anyUint }),
      fc.record({ kind: fc.constant("none") }),
    ),
    drainMs: anyUint,
    voices: anyVoices,
    slowStartPercent: fc.integer({ min: 1, max: 99 }),
    registeredAtMs: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    createRevision: anyRevision,
    modRevision: anyRevision,
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
) as fc.Arbitrary<Instance>;

const anyService: fc.Arbitrary<Service> = fc.record(
  {
    namespace: anyText,
    name: anyText,
    description: anyText,
    owner: anyText,
    labels: anyLabels,
    grpcServices: fc.array(anyText, { maxLength: 3 }),
    panicThresholdPercent: anyUint,
    outlierDetection: anyOutlierDetection,
    slowStartMs: fc.integer({ min: 1, max: 0xffffffff }),
    createRevision: anyRevision,
    modRevision: anyRevision,
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

/** Any entity, also one that no rule would let in. */
export const anyEntity: fc.Arbitrary<Entity> = fc.oneof(
  fc.record({ kind: fc.constant("service" as const), value: anyService }),
  fc.record({ kind: fc.constant("instance" as const), value: anyInstance }),
);

const anyChange = fc.oneof(
  anyEntity.map((after) => ({ key: keyOf(after), after })),
  anyEntity.map((before) => ({ key: keyOf(before), before })),
  fc.tuple(anyEntity, anyEntity).map(([before, after]) => ({ key: keyOf(after), before, after })),
);

/** The change sets of one batch, from revision 1 on. */
export const anyChangeSets: fc.Arbitrary<ChangeSet[]> = fc
  .array(
    fc.record({
      committedAtMs: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      actor: anyText,
      cause: fc.constantFrom("register", "lease-expired", "service-put"),
      changes: fc.array(anyChange, { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((sets) => sets.map((set, index) => ({ ...set, revision: BigInt(index + 1) }) as ChangeSet));
