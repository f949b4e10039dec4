import type { Service as ProtoService } from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { ListedService } from "../../discovery/index.js";
import type { ServiceDraft } from "../../model/index.js";
import { namespaceFromProto } from "./refs.js";

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
    createRevision: service.createRevision,
    modRevision: service.modRevision,
    instanceCount: listed.instanceCount,
    servingCount: listed.servingCount,
  };
}

/** The description that a client puts; output-only fields are left out. */
export function serviceFromProto(service: ProtoService): ServiceDraft {
  return {
    namespace: namespaceFromProto(service.namespace),
    name: service.name,
    description: service.description,
    owner: service.owner,
    labels: service.labels,
    grpcServices: service.grpcServices,
  };
}
