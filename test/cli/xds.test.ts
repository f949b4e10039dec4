import { create, fromJson } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { NodeSchema } from "../../gen/xds/envoy/config/core/v3/base_pb.js";
import { AggregatedDiscoveryService } from "../../gen/xds/envoy/service/discovery/v3/ads_pb.js";
import {
  type DiscoveryRequest,
  DiscoveryRequestSchema,
} from "../../gen/xds/envoy/service/discovery/v3/discovery_pb.js";
import { EXIT } from "../../src/cli/index.js";
import { TYPE_URLS } from "../../src/xds/index.js";
import { readNode } from "../../src/xds/node.js";
import { startPlane } from "../support/plane.js";
import { Channel } from "../xds/support/channel.js";
import { FakeIo } from "./fake-io.js";

async function run(...words: string[]) {
  const io = new FakeIo();
  await io.run(...words);
  return { out: io.stdout.text, err: io.stderr.text, code: io.exitCode };
}

/** A plane with one xDS client that asked for two clusters, one of which there is, and refused it if asked to. */
async function startWith({ refuses = false } = {}) {
  const plane = await startPlane();
  await plane.registry.putService({ service: { name: "pay" } });
  const requests = new Channel<DiscoveryRequest>();
  const client = createClient(AggregatedDiscoveryService, createGrpcTransport({ baseUrl: plane.grpcUrl }));
  const responses = client.streamAggregatedResources(requests)[Symbol.asyncIterator]();
  const wanted = { typeUrl: TYPE_URLS.cluster, resourceNames: ["pay.default", "nope.default"] };
  requests.push(
    create(DiscoveryRequestSchema, { node: { id: "n1", cluster: "shop", userAgentName: "gRPC Go" }, ...wanted }),
  );
  const { value } = await responses.next();
  const errorDetail = refuses ? { errorDetail: { code: 3, message: "not that one" } } : {};
  requests.push(create(DiscoveryRequestSchema, { ...wanted, responseNonce: value?.nonce ?? "", ...errorDetail }));
  const state = async () => (await plane.admin.listXdsClients({})).clients[0]?.types[0];
  await expect.poll(async () => (await state())?.awaitsAck).toBe(false);
  return {
    run: (...words: string[]) => run(...words, "--server", plane.grpcAddress),
    async [Symbol.asyncDispose]() {
      requests.end();
      while (!(await responses.next()).done);
      await plane[Symbol.asyncDispose]();
    },
  };
}

describe("xds clients", () => {
  test("is a line a stream", async () => {
    await using started = await startWith();
    const { out } = await started.run("xds", "clients");
    expect(out).toMatch(/^NODE +CLIENT +CONSUMER +ADDRESS +AGE +CLUSTERS +ENDPOINTS +LISTENERS +ROUTES +STATE\n/);
    expect(out).toMatch(/\nn1 +gRPC Go +shop +127\.0\.0\.1:\d+ +\S+ +2 +- +- +- +in sync\n$/);
    expect((await started.run("xds", "clients", "n1", "-o", "json")).out).toContain('"node": "n1"');
  });

  test("says who refused what, and why", async () => {
    await using started = await startWith({ refuses: true });
    const { out } = await started.run("xds", "clients");
    expect(out).toMatch(/ 1\/2 .* refused\nn1 refused cluster: not that one\n$/);
  });

  test("says that nobody is there", async () => {
    await using plane = await startPlane();
    const { out, err } = await run("xds", "clients", "--server", plane.grpcAddress);
    expect([out, err]).toEqual(["", "nobody is connected over xDS\n"]);
    const one = await run("xds", "clients", "n2", "--server", plane.grpcAddress);
    expect(one.err).toBe("n2 is not connected\n");
  });
});

describe("xds resources", () => {
  test("shows what a client has of each resource", async () => {
    await using started = await startWith();
    const { out } = await started.run("xds", "resources", "n1");
    expect(out).toMatch(/cluster +nope\.default +- +- +- +does not exist\n/);
    expect(out).toMatch(/cluster +pay\.default +(\w{16}) +\1 +\1 +in sync\n/);
  });

  test("shows what it refused", async () => {
    await using started = await startWith({ refuses: true });
    expect((await started.run("xds", "resources", "n1")).out).toMatch(/pay\.default +\w{16} +- +- +refused\n/);
  });

  test("of who is not there ends with the code for that", async () => {
    await using started = await startWith();
    const { err, code } = await started.run("xds", "resources", "n2");
    expect(err).toMatch(/^portolan: n2 is not connected, or asked for nothing/);
    expect(code).toBe(EXIT.notFound);
  });
});

describe("xds bootstrap", () => {
  test("is what a gRPC client reads", async () => {
    const words = ["--server", "plane.example:7070", "--node-id", "n1", "--consumer", "shop", "--locality", "eu/a"];
    const { out } = await run("xds", "bootstrap", ...words, "-n", "staging");
    const { xds_servers, node, server_listener_resource_name_template } = JSON.parse(out);
    expect(xds_servers).toEqual([
      { server_uri: "plane.example:7070", channel_creds: [{ type: "insecure" }], server_features: ["xds_v3"] },
    ]);
    expect(server_listener_resource_name_template).toContain("%s");
    expect(readNode(fromJson(NodeSchema, node))).toMatchObject({
      id: "n1",
      consumer: "shop",
      namespace: "staging",
      locality: { region: "eu", zone: "a", subZone: "" },
    });
  });

  test("always has a locality, because grpc-js-xds takes no file without one; an empty one is no place", async () => {
    const { node } = JSON.parse((await run("xds", "bootstrap")).out);
    expect(node.locality).toEqual({});
    expect(readNode(fromJson(NodeSchema, node)).locality).toEqual({ region: "", zone: "", subZone: "" });
  });

  test("finds the plane as other commands do", async () => {
    const io = new FakeIo({ env: { PORTOLAN_SERVER: "https://plane.example" } });
    await io.run("xds", "bootstrap");
    expect(JSON.parse(io.stdout.text).xds_servers[0]).toMatchObject({
      server_uri: "plane.example:7070",
      channel_creds: [{ type: "tls" }],
    });
  });

  test("of an Envoy says what the plane understands", async () => {
    const inbound = "0.0.0.0:15006=127.0.0.1:8080";
    const { out } = await run(
      "xds",
      "bootstrap",
      "--envoy",
      "--node-id",
      "e1",
      "--listen",
      "127.0.0.1:15001",
      "--inbound",
      inbound,
      "--access-log",
    );
    const { node, static_resources } = parse(out);
    expect(readNode(fromJson(NodeSchema, node))).toMatchObject({
      id: "e1",
      kind: "envoy",
      consumer: "",
      listen: { ip: "127.0.0.1", port: 15_001 },
      inbound: { listen: { ip: "0.0.0.0", port: 15_006 }, forward: { ip: "127.0.0.1", port: 8_080 } },
      accessLogCluster: static_resources.clusters[0].name,
    });
  });

  test.each([
    ["127.0.0.1", "STATIC"],
    ["[::1]", "STATIC"],
    ["plane.example", "STRICT_DNS"],
  ])("of an Envoy reaches a plane at %s by %s", async (host, type) => {
    const { out } = await run("xds", "bootstrap", "--envoy", "--server", `${host}:7070`);
    const [cluster] = parse(out).static_resources.clusters;
    expect(cluster.type).toBe(type);
    const [{ endpoint }] = cluster.load_assignment.endpoints[0].lb_endpoints;
    expect(endpoint.address.socket_address).toEqual({ address: host.replace(/[[\]]/g, ""), port_value: 7_070 });
  });

  test.each([
    [["--listen", "127.0.0.1:1"], "go with --envoy"],
    [["--envoy", "--listen", "localhost:1"], "is not an address"],
    [["--envoy", "--inbound", "127.0.0.1:1"], "is not two addresses"],
    [["--locality", "/"], "is not a locality"],
    [["--server", "://"], "is not an address"],
  ])("%j is a fault of usage", async (words, why) => {
    const { err, code } = await run("xds", "bootstrap", ...words);
    expect(err).toContain(why);
    expect(code).toBe(EXIT.usage);
  });
});
