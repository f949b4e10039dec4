import type { OutlierDetection } from "../../../model/index.js";

/** Settings with nothing left out. */
export type OutlierSettings = Required<OutlierDetection>;

/** Envoy's, where it has them. @see https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/outlier_detection.proto */
const DEFAULTS: OutlierSettings = {
  consecutive5xx: 5,
  intervalMs: 10_000,
  baseEjectionTimeMs: 30_000,
  maxEjectionTimeMs: 300_000,
  maxEjectionPercent: 10,
  successRateMinimumHosts: 5,
  successRateRequestVolume: 100,
  successRateStdevFactor: 1_900,
  failurePercentageThreshold: 85,
  failurePercentageMinimumHosts: 5,
  failurePercentageRequestVolume: 50,
  ejectedHealth: "not-serving",
};

/** A service's settings; what it leaves out is the default. */
export function settingsOf(detection: OutlierDetection | undefined): OutlierSettings {
  return { ...DEFAULTS, ...detection };
}
