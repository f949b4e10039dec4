import type { Service as ProtoService } from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { ListedService } from "../../discovery/index.js";
import type { ServiceDraft } from "../../model/index.js";
import { outlierDetectionFromProto, outlierDetectionToProto } from "./outlier-detection.js";
import { namespaceFromProto } from "./refs.js";
import { durationMsFromProto, durationToProto } from "./time.js";

/** A service and its counts as clients see them. */
export function serviceToProto(listed: ListedService): ProtoService {
  const { service } = listed;
  return {
    $typeName: "portolan.registry.v1.Service",
    namespace: service.namespace,
    name: service.name,
    description: service.description,
    owner: service.owner,
    labels: service.labels,
    grpcServices: service.grpcServices as string[],
    panicThresholdPercent: service.panicThresholdPercent,
    outlierDetection: service.outlierDetection && outlierDetectionToProto(service.outlierDetection),
    slowStartWindow: service.slowStartMs === undefined ? undefined : durationToProto(service.slowStartMs),
    createRevision: service.createRevision,
    modRevision: service.modRevision,
    instanceCount: listed.instanceCount,
    servingCount: listed.servingCount,
  };
}

/** The description that a client puts; output-only fields are left out. */
export function serviceFromProto(service: ProtoService): ServiceDraft {
  const slowStartMs = service.slowStartWindow ? Math.round(durationMsFromProto(service.slowStartWindow)) : 0;
  return {
    namespace: namespaceFromProto(service.namespace),
    name: service.name,
    description: service.description,
    owner: service.owner,
    labels: service.labels,
    grpcServices: service.grpcServices,
    ...(service.panicThresholdPercent !== undefined && { panicThresholdPercent: service.panicThresholdPercent }),
    ...(service.outlierDetection && { outlierDetection: outlierDetectionFromProto(service.outlierDetection) }),
    ...(slowStartMs > 0 && { slowStartMs }),
  };
}
