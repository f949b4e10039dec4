import { create } from "@bufbuild/protobuf";
import {
  OutlierDetectionSchema,
  type OutlierDetection as ProtoDetection,
  Health as ProtoHealth,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { OutlierDetection } from "../../model/index.js";
import { healthToProto } from "./enums.js";
import { durationMsFromProto, durationToProto } from "./time.js";

/** Fields that are plain numbers, named alike on both sides. */
const COUNTS = [
  "consecutive5xx",
  "maxEjectionPercent",
  "successRateMinimumHosts",
  "successRateRequestVolume",
  "successRateStdevFactor",
  "failurePercentageThreshold",
  "failurePercentageMinimumHosts",
  "failurePercentageRequestVolume",
] as const;

/** Durations: here in milliseconds, there as messages. */
const DURATIONS = [
  ["intervalMs", "interval"],
  ["baseEjectionTimeMs", "baseEjectionTime"],
  ["maxEjectionTimeMs", "maxEjectionTime"],
] as const;

/** What was set, and nothing else. */
export function outlierDetectionToProto(detection: OutlierDetection): ProtoDetection {
  const message = create(OutlierDetectionSchema);
  for (const name of COUNTS) if (detection[name] !== undefined) message[name] = detection[name];
  for (const [here, there] of DURATIONS) {
    const ms = detection[here];
    if (ms !== undefined) message[there] = durationToProto(ms);
  }
  if (detection.ejectedHealth) message.ejectedHealth = healthToProto(detection.ejectedHealth);
  return message;
}

/** What is set, and nothing else. */
export function outlierDetectionFromProto(message: ProtoDetection): OutlierDetection {
  const detection: { -readonly [K in keyof OutlierDetection]: OutlierDetection[K] } = {};
  for (const name of COUNTS) if (message[name] !== undefined) detection[name] = message[name];
  for (const [here, there] of DURATIONS) {
    const duration = message[there];
    if (duration) detection[here] = Math.round(durationMsFromProto(duration));
  }
  if (message.ejectedHealth === ProtoHealth.DEGRADED) detection.ejectedHealth = "degraded";
  if (message.ejectedHealth === ProtoHealth.NOT_SERVING) detection.ejectedHealth = "not-serving";
  return detection;
}
