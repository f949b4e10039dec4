import type { HealthCheck as ProtoHealthCheck } from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { HealthCheck } from "../../model/index.js";
import { durationMsFromProto, durationToProto } from "./time.js";

const DEFAULT_INTERVAL_MS = 10_000;
const DEFAULT_TIMEOUT_MS = 1_000;
const DEFAULT_UNHEALTHY_THRESHOLD = 3;
const DEFAULT_HEALTHY_THRESHOLD = 2;

/** A health check with every default visible. */
export function healthCheckToProto(check: HealthCheck): ProtoHealthCheck {
  return {
    $typeName: "portolan.registry.v1.HealthCheck",
    probe: probeToProto(check.probe),
    endpointName: check.endpointName,
    interval: durationToProto(check.intervalMs),
    timeout: durationToProto(check.timeoutMs),
    unhealthyThreshold: check.unhealthyThreshold,
    healthyThreshold: check.healthyThreshold,
  };
}

/** A health check that the rules accepted, with its defaults filled in. */
export function healthCheckFromProto(check: ProtoHealthCheck): HealthCheck {
  return {
    probe: probeFromProto(check.probe),
    endpointName: check.endpointName,
    intervalMs: check.interval ? Math.round(durationMsFromProto(check.interval)) : DEFAULT_INTERVAL_MS,
    timeoutMs: check.timeout ? Math.round(durationMsFromProto(check.timeout)) : DEFAULT_TIMEOUT_MS,
    unhealthyThreshold: check.unhealthyThreshold || DEFAULT_UNHEALTHY_THRESHOLD,
    healthyThreshold: check.healthyThreshold || DEFAULT_HEALTHY_THRESHOLD,
  };
}

function probeToProto(probe: HealthCheck["probe"]): ProtoHealthCheck["probe"] {
  switch (probe.kind) {
    case "grpc":
      return { case: "grpc", value: { $typeName: "portolan.registry.v1.GrpcProbe", service: probe.service } };
    case "http":
      return {
        case: "http",
        value: {
          $typeName: "portolan.registry.v1.HttpProbe",
          path: probe.path,
          expectedStatuses: [...probe.expectedStatuses],
        },
      };
    case "tcp":
      return { case: "tcp", value: { $typeName: "portolan.registry.v1.TcpProbe" } };
  }
}

function probeFromProto(probe: ProtoHealthCheck["probe"]): HealthCheck["probe"] {
  switch (probe.case) {
    case "grpc":
      return { kind: "grpc", service: probe.value.service };
    case "http":
      return { kind: "http", path: probe.value.path, expectedStatuses: probe.value.expectedStatuses };
    case "tcp":
      return { kind: "tcp" };
    case undefined:
      throw new TypeError("a health check without a probe has passed the rules");
  }
}
