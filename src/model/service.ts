import type { Health } from "./health.js";

/** How instances are put out by what their callers report; what is absent is as Envoy has it. Zero turns a test off. */
export interface OutlierDetection {
  readonly consecutive5xx?: number;
  readonly intervalMs?: number;
  readonly baseEjectionTimeMs?: number;
  readonly maxEjectionTimeMs?: number;
  /** 0 to 100. */
  readonly maxEjectionPercent?: number;
  readonly successRateMinimumHosts?: number;
  readonly successRateRequestVolume?: number;
  /** In thousandths. */
  readonly successRateStdevFactor?: number;
  /** 0 to 100. */
  readonly failurePercentageThreshold?: number;
  readonly failurePercentageMinimumHosts?: number;
  readonly failurePercentageRequestVolume?: number;
  readonly ejectedHealth?: Extract<Health, "degraded" | "not-serving">;
}

/** A name that consumers call. Immutable: a change is a new object. */
export interface Service {
  readonly namespace: string;
  readonly name: string;
  readonly description: string;
  readonly owner: string;
  /** label key -> value. */
  readonly labels: Readonly<Record<string, string>>;
  /** Fully qualified protobuf services that it offers. */
  readonly grpcServices: readonly string[];
  /** Below which share of instances that take calls the condemned ones are returned too, 0 to 100; absent means 30. */
  readonly panicThresholdPercent?: number;
  readonly outlierDetection?: OutlierDetection;
  /** How long the weight of an instance grows once it serves, in milliseconds; absent means not at all. */
  readonly slowStartMs?: number;
  /** The revision that created it. */
  readonly createRevision: bigint;
  /** The revision that changed it last. */
  readonly modRevision: bigint;
}

/** A service before the store gave it its revisions. */
export type ServiceDraft = Omit<Service, "createRevision" | "modRevision">;

/** Identifies a service. */
export interface ServiceRef {
  readonly namespace: string;
  readonly name: string;
}

/** The share of instances below which a service panics unless it says otherwise, in percent. */
export const DEFAULT_PANIC_THRESHOLD_PERCENT = 30;

/** The namespace meant by an empty one. */
export const DEFAULT_NAMESPACE = "default";
