import fc from "fast-check";
import { expect, test } from "vitest";
import type { Endpoint, HealthCheck, Locality } from "../../src/model/index.js";
import type { InstanceSpec } from "../../src/registry/index.js";
import { alice, aSpec, startRegistry } from "./support/start.js";

const aText = fc.constantFrom("", "a", "b");
const anEndpoint: fc.Arbitrary<Endpoint> = fc.record({
  name: aText,
  host: aText,
  port: fc.constantFrom(1, 2),
  protocol: fc.constantFrom("grpc", "http"),
  tls: fc.boolean(),
});
const aLocality: fc.Arbitrary<Locality> = fc.record({ region: aText, zone: aText, subZone: aText });
const aProbe: fc.Arbitrary<HealthCheck["probe"]> = fc.oneof(
  fc.record({ kind: fc.constant("grpc" as const), service: aText }),
  fc.record({ kind: fc.constant("http" as const), path: aText, expectedStatuses: fc.subarray([200, 204]) }),
  fc.constant({ kind: "tcp" as const }),
);
const aHealthCheck: fc.Arbitrary<HealthCheck> = fc.record({
  probe: aProbe,
  endpointName: aText,
  intervalMs: fc.constantFrom(1, 2),
  timeoutMs: fc.constantFrom(1, 2),
  unhealthyThreshold: fc.constantFrom(1, 2),
  healthyThreshold: fc.constantFrom(1, 2),
});
const someFields = fc.record(
  {
    endpoints: fc.array(anEndpoint, { minLength: 1, maxLength: 2 }),
    version: aText,
    labels: fc.dictionary(aText, aText, { maxKeys: 2, noNullPrototype: true }),
    reportedHealth: fc.constantFrom("serving", "starting", "not-serving"),
    weight: fc.constantFrom(0, 100),
    locality: aLocality,
    healthCheck: aHealthCheck,
  },
  { requiredKeys: ["endpoints", "version", "labels", "reportedHealth"] },
) as fc.Arbitrary<Partial<InstanceSpec>>;

test("a registration commits exactly when some field differs from what stands", () =>
  fc.assert(
    fc.asyncProperty(someFields, fc.option(someFields, { nil: undefined }), async (drawn, other) => {
      const before = structuredClone(drawn);
      const after = structuredClone(other ?? drawn);
      await using plane = startRegistry();
      await plane.registry.register([{ spec: aSpec("a", before), ttlMs: 0 }], alice);
      const { value } = await plane.registry.register([{ spec: aSpec("a", after), ttlMs: 0 }], alice);
      expect(plane.feed.length).toBe(isEqual(before, after) ? 1 : 2);
      expect(value[0]).toMatchObject(after);
    }),
    { numRuns: 200 },
  ));

function isEqual(a: unknown, b: unknown): boolean {
  try {
    expect(a).toStrictEqual(b);
    return true;
  } catch {
    return false;
  }
}
