import type { InstanceRef as ProtoInstanceRef } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { DEFAULT_NAMESPACE, type InstanceRef, type ServiceRef } from "../../model/index.js";

/** The namespace that a request means: an empty one is "default". */
export function namespaceFromProto(namespace: string): string {
  return namespace || DEFAULT_NAMESPACE;
}

/** An instance's identity as clients see it. */
export function instanceRefToProto(ref: InstanceRef): ProtoInstanceRef {
  return {
    $typeName: "portolan.registry.v1.InstanceRef",
    namespace: ref.namespace,
    service: ref.service,
    id: ref.id,
  };
}

/** The instance that a request names, by an InstanceRef or an Instance. */
export function instanceRefFromProto(ref: Pick<ProtoInstanceRef, "namespace" | "service" | "id">): InstanceRef {
  return { namespace: namespaceFromProto(ref.namespace), service: ref.service, id: ref.id };
}

/** The service that a request names. */
export function serviceRefFromProto(ref: { readonly namespace: string; readonly name: string }): ServiceRef {
  return { namespace: namespaceFromProto(ref.namespace), name: ref.name };
}
