import { create, type JsonObject } from "@bufbuild/protobuf";
import { type Node, NodeSchema } from "../../../gen/xds/envoy/config/core/v3/base_pb.js";
import { readNode, type XdsNode } from "../../../src/xds/node.js";

/** A node as a gRPC client sends it. */
export function grpcNode(fields: Partial<Pick<Node, "id" | "cluster" | "locality">> = {}, portolan?: JsonObject): Node {
  return create(NodeSchema, {
    id: "client",
    userAgentName: "gRPC Go",
    userAgentVersionType: { case: "userAgentVersion", value: "1.85.0" },
    ...fields,
    ...(portolan && { metadata: { portolan } }),
  });
}

/** A node as an Envoy sends it. */
export function envoyNode(portolan: JsonObject = { listen: "127.0.0.1:10000" }): Node {
  return create(NodeSchema, {
    id: "proxy",
    cluster: "shop",
    userAgentName: "envoy",
    userAgentVersionType: {
      case: "userAgentBuildVersion",
      value: { version: { majorNumber: 1, minorNumber: 40, patch: 0 } },
    },
    metadata: { portolan },
  });
}

/** The same, read. */
export const aGrpcNode: XdsNode = readNode(grpcNode());
export const anEnvoy: XdsNode = readNode(envoyNode());
