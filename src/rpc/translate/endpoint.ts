import type { Endpoint as ProtoEndpoint } from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { Endpoint } from "../../model/index.js";
import { protocolFromProto, protocolToProto } from "./enums.js";

const DEFAULT_ENDPOINT_NAME = "default";

/** An endpoint as consumers see it. */
export function endpointToProto(endpoint: Endpoint): ProtoEndpoint {
  return {
    $typeName: "portolan.registry.v1.Endpoint",
    name: endpoint.name,
    host: endpoint.host,
    port: endpoint.port,
    protocol: protocolToProto(endpoint.protocol),
    tls: endpoint.tls,
  };
}

/** An endpoint that a client names; without a name it is "default". */
export function endpointFromProto(endpoint: ProtoEndpoint): Endpoint {
  return {
    name: endpoint.name || DEFAULT_ENDPOINT_NAME,
    host: endpoint.host,
    port: endpoint.port,
    protocol: protocolFromProto(endpoint.protocol),
    tls: endpoint.tls,
  };
}
