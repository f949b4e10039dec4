import { create, fromBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { Cluster_DiscoveryType, ClusterSchema } from "../../gen/xds/envoy/config/cluster/v3/cluster_pb.js";
import { type LoadStatsRequest, LoadStatsRequestSchema } from "../../gen/xds/envoy/service/load_stats/v3/lrs_pb.js";
import { anInstance, aService, keyOfInstance, keyOfService } from "../support/entities.js";
import { Channel } from "./support/channel.js";
import { envoyNode, grpcNode } from "./support/nodes.js";
import { addressesOf, at, namesOf, XdsLab } from "./support/xds-lab.js";

describe("a gRPC client", () => {
  test("finds a service by its chain: listener, routes, cluster, endpoints", async () => {
    await using lab = await XdsLab.open();
    await lab.bench.put(aService("pay"), anInstance("pay", "a", at("10.0.0.1")));
    const client = lab.sotw();
    expect(namesOf(await client.ask("listener", ["pay"]).take(["pay"]))).toEqual(["pay"]);
    for (const type of ["route", "cluster"] as const) {
      expect(namesOf(await client.ask(type, ["pay.default"]).take(["pay.default"]))).toEqual(["pay.default"]);
    }
    expect(addressesOf(await client.ask("endpoints", ["pay.default"]).take(["pay.default"]))).toEqual(["10.0.0.1:80"]);
    await lab.bench.put(anInstance("pay", "b", at("10.0.0.2")));
    expect(addressesOf(await client.next())).toEqual(["10.0.0.1:80", "10.0.0.2:80"]);
  });

  test("is told that a name is unknown, and of the service when it appears", async () => {
    await using lab = await XdsLab.open();
    const client = lab.sotw().ask("listener", ["late"]);
    expect(await client.take(["late"])).toMatchObject({ resources: [], missing: [{ name: "late" }] });
    await lab.bench.put(aService("late"));
    expect(namesOf(await client.next())).toEqual(["late"]);
  });

  test("keeps the chain of a service without instances, and loses it when the service is deleted", async () => {
    await using lab = await XdsLab.open();
    await lab.bench.put(aService("pay"), anInstance("pay", "a"));
    const client = lab.sotw().ask("cluster", ["pay.default"]);
    await client.take(["pay.default"]);
    await client.ask("endpoints", ["pay.default"]).take(["pay.default"]);
    await lab.bench.remove(keyOfInstance("pay", "a"));
    expect(addressesOf(await client.take(["pay.default"]))).toEqual([]);
    await lab.bench.remove(keyOfService("pay"));
    expect(await client.next()).toMatchObject({ type: "cluster", resources: [] });
  });

  test("reaches another namespace by its name, and its own by none", async () => {
    await using lab = await XdsLab.open();
    await lab.bench.put(aService("pay", { namespace: "shop" }), aService("pay"));
    const client = lab.sotw(grpcNode({}, { namespace: "shop" }));
    const { resources } = await client.ask("listener", ["pay", "pay.default"]).next();
    const routes = resources.map(({ name, any }) => [name, /pay\.\w+/.exec(Buffer.from(any.value).toString())?.[0]]);
    expect(new Set(resources.map(({ version }) => version)).size).toBe(2);
    expect(routes.map(([name]) => name)).toEqual(["pay", "pay.default"]);
  });

  test("calls an endpoint by its name", async () => {
    await using lab = await XdsLab.open();
    const admin = { name: "admin", host: "10.0.0.1", port: 81, protocol: "grpc", tls: false } as const;
    await lab.bench.put(aService("pay"), anInstance("pay", "a", { endpoints: [...at("10.0.0.1").endpoints, admin] }));
    const client = lab.sotw().ask("endpoints", ["pay.default.admin"]);
    expect(addressesOf(await client.next())).toEqual(["10.0.0.1:81"]);
  });

  test("is given addresses alone: hosts by name are not for it", async () => {
    await using lab = await XdsLab.open();
    await lab.bench.put(aService("pay"), anInstance("pay", "a", at("pay.example")), anInstance("pay", "b", at("::1")));
    expect(addressesOf(await lab.sotw().ask("endpoints", ["pay.default"]).next())).toEqual(["::1:80"]);
    const [cluster] = (await lab.sotw().ask("cluster", ["pay.default"]).next()).resources;
    const { clusterDiscoveryType } = fromBinary(ClusterSchema, cluster?.any.value ?? new Uint8Array());
    expect(clusterDiscoveryType.value).toBe(Cluster_DiscoveryType.EDS);
  });

  test("sees all listeners of its namespace by wildcard", async () => {
    await using lab = await XdsLab.open();
    await lab.bench.put(aService("a"), aService("b"), aService("c", { namespace: "shop" }));
    expect(namesOf(await lab.delta().ask("listener", ["*"]).next())).toEqual(["a.default", "b.default"]);
  });

  test("a gRPC server is allowed to listen where it asks for", async () => {
    await using lab = await XdsLab.open();
    const names = ["127.0.0.1:50051", "[::1]:50051", "nowhere"].map(
      (address) => `grpc/server?xds.resource.listening_address=${address}`,
    );
    const { resources, missing } = await lab.sotw().ask("listener", names).next();
    expect([resources.map(({ name }) => name), missing.map(({ name }) => name)]).toEqual([
      names.slice(0, 2),
      names.slice(2),
    ]);
  });
});

test("what was asked of a namespace for load reports does not stand for what a proxy is told later", async () => {
  await using lab = await XdsLab.open();
  await lab.bench.put(aService("old"));
  const requests = new Channel<LoadStatsRequest>();
  const orders = lab.xds.loadReports(requests, () => {})[Symbol.asyncIterator]();
  requests.push(create(LoadStatsRequestSchema, { node: envoyNode() }));
  expect((await orders.next()).value?.clusters).toEqual(["old.default"]);
  await lab.bench.put(aService("new"));
  expect(namesOf(await lab.delta(envoyNode()).ask("cluster").next())).toEqual(["new.default", "old.default"]);
});

describe("work", () => {
  test("a change is made once for all who see it alike, and not for others", async () => {
    await using lab = await XdsLab.open();
    await lab.bench.put(aService("a"), aService("b"), anInstance("a", "1"), anInstance("b", "1"));
    const clients = [lab.sotw(), lab.sotw(), lab.sotw()];
    for (const client of clients)
      await client.ask("endpoints", ["a.default", "b.default"]).take(["a.default", "b.default"]);
    expect(await lab.built("endpoints")).toBe(2);
    await lab.bench.put(anInstance("a", "1", at("10.0.0.9")));
    const told = await Promise.all(clients.map((client) => client.next()));
    expect(await lab.built("endpoints")).toBe(3);
    expect(new Set(told.map(({ resources }) => resources[0])).size).toBe(1);
  });

  test("a change of a service that nobody asks for makes nothing", async () => {
    await using lab = await XdsLab.open();
    await lab.bench.put(aService("a"), aService("b"));
    const client = lab.sotw().ask("endpoints", ["a.default"]);
    await client.take(["a.default"]);
    await lab.bench.put(anInstance("b", "1"));
    await lab.bench.put(anInstance("a", "1"));
    await client.next();
    expect(await lab.built("endpoints")).toBe(2);
  });

  test("listener, routes and cluster of a gRPC client are made once, whatever becomes of the instances", async () => {
    await using lab = await XdsLab.open();
    await lab.bench.put(aService("a"));
    const client = lab.sotw();
    await client.ask("listener", ["a"]).take(["a"]);
    for (const type of ["route", "cluster", "endpoints"] as const)
      await client.ask(type, ["a.default"]).take(["a.default"]);
    await lab.bench.put(anInstance("a", "1"));
    await client.take(["a.default"]);
    const built = await Promise.all(
      (["listener", "route", "cluster", "endpoints"] as const).map((type) => lab.built(type)),
    );
    expect(built).toEqual([1, 1, 1, 2]);
  });

  test("the metrics tell of streams, and how long a change took until it was acknowledged", async () => {
    await using lab = await XdsLab.open();
    await lab.bench.put(aService("a"));
    const client = lab.sotw().ask("endpoints", ["a.default"]);
    await client.take(["a.default"]);
    await lab.bench.put(anInstance("a", "1"));
    const { nonce } = await client.next();
    lab.bench.clock.advance(40);
    client.ask("endpoints", ["a.default"], { nonce });
    const page = () => lab.metrics.metrics();
    await expect.poll(page).toContain('portolan_xds_commit_to_ack_seconds_sum{type="endpoints"} 0.04\n');
    expect(await page()).toContain('portolan_xds_commit_to_ack_seconds_count{type="endpoints"} 1\n');
    expect(await page()).toContain('portolan_xds_acks_total{type="endpoints"} 2\n');
    expect(await page()).toContain('portolan_xds_streams{variant="sotw"} 1\n');
    client.close();
    await client.ended();
    expect(await page()).toContain('portolan_xds_streams{variant="sotw"} 0\n');
  });

  test("what nobody asks for any more is let go", async () => {
    await using lab = await XdsLab.open();
    await lab.bench.put(aService("a"));
    const client = lab.delta(envoyNode()).ask("cluster");
    await client.take();
    expect([lab.xds.streams, lab.xds.resources]).toEqual([1, 1]);
    client.close();
    await client.ended();
    expect([lab.xds.streams, lab.xds.resources]).toEqual([0, 0]);
  });
});

describe("refusals", () => {
  test("are told to whoever looks after the service", async () => {
    await using lab = await XdsLab.open();
    await lab.bench.put(aService("pay"), aService("cart"));
    const client = lab.sotw().ask("cluster", ["pay.default", "cart.default"]);
    const { nonce } = await client.next();
    client.ask("cluster", ["pay.default", "cart.default"], { nonce, error: "pay.default: no" });
    await expect
      .poll(() => lab.nacks)
      .toMatchObject([
        {
          type: "xds.nacked",
          node: "client",
          userAgent: "gRPC Go 1.85.0",
          resourceType: "cluster",
          resource: "pay.default",
          namespace: "default",
          service: "pay",
          message: "pay.default: no",
        },
      ]);
    const [described] = lab.xds.clients("client");
    expect(described?.types).toMatchObject([{ type: "cluster", resources: 2, current: 1, error: "pay.default: no" }]);
    expect(lab.xds.clientResources("client").map(({ name, nackedVersion }) => [name, nackedVersion !== ""])).toEqual([
      ["cart.default", false],
      ["pay.default", true],
    ]);
  });
});

describe("bad input", () => {
  test("a type that is not served leaves the stream open and unanswered", async () => {
    await using lab = await XdsLab.open();
    await lab.bench.put(aService("pay"));
    const client = lab.sotw().ask("type.googleapis.com/envoy.service.runtime.v3.Runtime", ["x"]);
    expect((await client.ask("cluster", ["pay.default"]).next()).type).toBe("cluster");
  });

  test("a request without a type ends the stream", async () => {
    await using lab = await XdsLab.open();
    await expect(lab.sotw().ask("").ended()).rejects.toThrow("FIELDS_INVALID");
    expect(lab.xds.streams).toBe(0);
  });

  test("wishes that cannot be read end the stream, others go on", async () => {
    await using lab = await XdsLab.open();
    await lab.bench.put(aService("pay"));
    const other = lab.sotw().ask("endpoints", ["pay.default"]);
    await other.take(["pay.default"]);
    await expect(
      lab
        .sotw(envoyNode({ listen: "?" }))
        .ask("listener")
        .ended(),
    ).rejects.toThrow("FIELDS_INVALID");
    await lab.bench.put(anInstance("pay", "a", at("10.0.0.1")));
    expect(addressesOf(await other.next())).toEqual(["10.0.0.1:80"]);
  });

  test("a node of a namespace that there is not has nothing, until there is", async () => {
    await using lab = await XdsLab.open();
    const proxy = lab.sotw(envoyNode({ listen: "127.0.0.1:1", namespace: "later" })).ask("cluster");
    expect(namesOf(await proxy.take())).toEqual([]);
    await lab.bench.put(aService("pay", { namespace: "later" }));
    expect(namesOf(await proxy.next())).toEqual(["pay.later"]);
  });
});

test("a client that has no more requests is told what can be said, then its stream ends", async () => {
  await using lab = await XdsLab.open();
  await lab.bench.put(aService("pay"));
  const client = lab.sotw().ask("cluster", ["pay.default"]).ask("listener", ["pay"]);
  client.close();
  expect([(await client.next()).type, (await client.next()).type]).toEqual(["cluster", "listener"]);
  expect(await client.ended()).toBeUndefined();
});
