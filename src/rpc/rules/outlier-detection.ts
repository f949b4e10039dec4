import { Health, OutlierDetectionSchema } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { custom, rulesFor } from "./message-rules.js";
import { duration } from "./times.js";
import { integer } from "./values.js";

const MAX_COUNT = 1_000_000;
const EJECTED: ReadonlySet<Health> = new Set([Health.UNSPECIFIED, Health.DEGRADED, Health.NOT_SERVING]);

const upTo = (max: number) => integer(0, max).optional();

/** How callers' reports put an instance out. */
export const outlierDetectionRules = rulesFor(OutlierDetectionSchema, {
  consecutive5xx: upTo(MAX_COUNT),
  interval: duration({ minMs: 1_000, maxMs: 300_000 }),
  baseEjectionTime: duration({ minMs: 1_000, maxMs: 3_600_000 }),
  maxEjectionTime: duration({ minMs: 1_000, maxMs: 86_400_000 }),
  maxEjectionPercent: upTo(100),
  successRateMinimumHosts: upTo(MAX_COUNT),
  successRateRequestVolume: upTo(MAX_COUNT),
  successRateStdevFactor: upTo(MAX_COUNT),
  failurePercentageThreshold: upTo(100),
  failurePercentageMinimumHosts: upTo(MAX_COUNT),
  failurePercentageRequestVolume: upTo(MAX_COUNT),
  ejectedHealth: custom<Health>((health, report) => {
    if (!EJECTED.has(health)) report([], "must be HEALTH_DEGRADED or HEALTH_NOT_SERVING");
  }),
});
