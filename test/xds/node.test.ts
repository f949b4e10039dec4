import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { NodeSchema } from "../../gen/xds/envoy/config/core/v3/base_pb.js";
import { readNode } from "../../src/xds/node.js";
import { envoyNode, grpcNode } from "./support/nodes.js";

describe("a node", () => {
  test("of a gRPC client says who calls, from where, and with what", () => {
    const locality = { $typeName: "envoy.config.core.v3.Locality", region: "eu", zone: "b", subZone: "" } as const;
    expect(readNode(grpcNode({ cluster: "shop", locality }))).toEqual({
      id: "client",
      kind: "grpc",
      userAgent: "gRPC Go 1.85.0",
      namespace: "default",
      consumer: "shop",
      locality: { region: "eu", zone: "b", subZone: "" },
    });
  });

  test("of an Envoy says where it listens", () => {
    const inbound = { listen: "0.0.0.0:15006", forward: "127.0.0.1:8080" };
    const wishes = {
      listen: "[::1]:10000",
      namespace: "shop",
      service: "cart",
      inbound,
      access_log_cluster: "portolan",
    };
    expect(readNode(envoyNode(wishes))).toEqual({
      id: "proxy",
      kind: "envoy",
      userAgent: "envoy 1.40.0",
      namespace: "shop",
      consumer: "cart",
      listen: { ip: "::1", port: 10_000 },
      inbound: { listen: { ip: "0.0.0.0", port: 15_006 }, forward: { ip: "127.0.0.1", port: 8_080 } },
      accessLogCluster: "portolan",
    });
  });

  test("that is not there is somebody in the default namespace", () => {
    expect(readNode(undefined)).toEqual({ id: "", kind: "grpc", userAgent: "", namespace: "default", consumer: "" });
  });

  test("whose cluster is no name of a service calls as nobody", () => {
    expect(readNode(grpcNode({ cluster: "Not A Service" })).consumer).toBe("");
  });

  test("with endless texts is kept short", () => {
    const node = create(NodeSchema, { id: "i".repeat(10_000), userAgentName: "a".repeat(10_000) });
    const { id, userAgent } = readNode(node);
    expect([id.length, userAgent.length]).toEqual([256, 256]);
  });
});

test.each([
  [{ listen: "127.0.0.1" }, ["node.metadata.portolan.listen"]],
  [{ listen: "localhost:80" }, ["node.metadata.portolan.listen"]],
  [{ listen: "127.0.0.1:0" }, ["node.metadata.portolan.listen"]],
  [{ listen: "127.0.0.1:65536" }, ["node.metadata.portolan.listen"]],
  [{ listen: "::1:80" }, ["node.metadata.portolan.listen"]],
  [{ listen: 80 }, ["node.metadata.portolan.listen"]],
  [{ namespace: "A", service: "-" }, ["node.metadata.portolan.namespace", "node.metadata.portolan.service"]],
  [{ inbound: { listen: "127.0.0.1:1" } }, ["node.metadata.portolan.inbound.forward"]],
  [{ access_log_cluster: "" }, ["node.metadata.portolan.access_log_cluster"]],
  [{ lissten: "127.0.0.1:80" }, ["node.metadata.portolan"]],
])("wishes of %j are refused, each fault at its place", (portolan, fields) => {
  let fault: unknown;
  try {
    readNode(envoyNode(portolan));
  } catch (error) {
    fault = (error as { fault?: unknown }).fault;
  }
  expect(fault).toMatchObject({ reason: "FIELDS_INVALID", violations: fields.map((field) => ({ field })) });
});
