import type { EntityDraft, EntityKey, InstanceDraft, ServiceDraft } from "../../src/model/index.js";
import { instanceKey, serviceKey } from "../../src/model/index.js";

/** A service draft; what is not given is plain. */
export function aService(name: string, fields: Partial<ServiceDraft> = {}): EntityDraft {
  const value: ServiceDraft = {
    namespace: "default",
    name,
    description: "",
    owner: "",
    labels: {},
    grpcServices: [],
    ...fields,
  };
  return { kind: "service", value };
}

/** An instance draft; what is not given is plain and serving. */
export function anInstance(service: string, id: string, fields: Partial<InstanceDraft> = {}): EntityDraft {
  const value: InstanceDraft = {
    namespace: "default",
    service,
    id,
    endpoints: [{ name: "default", host: "10.0.0.1", port: 8080, protocol: "grpc", tls: false }],
    version: "",
    labels: {},
    reportedHealth: "serving",
    health: "serving",
    healthReason: "",
    holder: { kind: "none" },
    registeredAtMs: 1_700_000_000_000,
    ...fields,
  };
  return { kind: "instance", value };
}

/** The key of an instance in the default namespace. */
export function keyOfInstance(service: string, id: string): EntityKey {
  return instanceKey({ namespace: "default", service, id });
}

/** The key of a service in the default namespace. */
export function keyOfService(name: string): EntityKey {
  return serviceKey({ namespace: "default", name });
}
