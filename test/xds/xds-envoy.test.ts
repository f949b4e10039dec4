import { fromBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { Cluster_DiscoveryType, ClusterSchema } from "../../gen/xds/envoy/config/cluster/v3/cluster_pb.js";
import { RouteConfigurationSchema } from "../../gen/xds/envoy/config/route/v3/route_pb.js";
import { anInstance, aService, keyOfInstance, keyOfService } from "../support/entities.js";
import { envoyNode } from "./support/nodes.js";
import { addressesOf, at, namesOf, XdsLab } from "./support/xds-lab.js";

describe("an Envoy", () => {
  test("gets a listener, its clusters, and routes that follow what services there are", async () => {
    await using lab = await XdsLab.open();
    await lab.bench.put(aService("pay"), anInstance("pay", "a"));
    const proxy = lab.delta(envoyNode()).ask("listener");
    expect(namesOf(await proxy.take())).toEqual(["portolan/outbound"]);
    expect(namesOf(await proxy.ask("cluster").take())).toEqual(["pay.default"]);
    const routes = "portolan/outbound/default";
    await proxy.ask("route", [routes]).take();
    await lab.bench.put(aService("cart"), anInstance("cart", "a"));
    expect(namesOf(await proxy.take())).toEqual(["cart.default"]);
    const [resource] = (await proxy.take()).resources;
    const { virtualHosts } = fromBinary(RouteConfigurationSchema, resource?.any.value ?? new Uint8Array());
    expect(virtualHosts.map(({ name }) => name)).toEqual(["cart.default", "pay.default"]);
    await lab.bench.remove(keyOfInstance("cart", "a"), keyOfService("cart"));
    expect((await proxy.take()).type).toBe("route");
    expect(await proxy.next()).toMatchObject({ type: "cluster", missing: [{ name: "cart.default" }] });
  });

  test("without a place to listen is told that it has no listeners", async () => {
    await using lab = await XdsLab.open();
    await lab.bench.put(aService("pay"));
    for (const proxy of [lab.sotw(envoyNode({})), lab.delta(envoyNode({}))]) {
      expect(namesOf(await proxy.ask("listener").next())).toEqual([]);
    }
  });

  test("has an inbound listener and its cluster when it says what is behind it", async () => {
    await using lab = await XdsLab.open();
    const inbound = { listen: "0.0.0.0:15006", forward: "127.0.0.1:8080" };
    const proxy = lab.sotw(envoyNode({ inbound }));
    expect(namesOf(await proxy.ask("listener").take())).toEqual(["portolan/inbound"]);
    expect(namesOf(await proxy.ask("cluster").take())).toEqual(["portolan/inbound"]);
  });

  test("speaks to a service whose instances are gone as it spoke to them: its cluster does not change", async () => {
    await using lab = await XdsLab.open();
    await lab.bench.put(aService("pay"), aService("new"), anInstance("pay", "a", at("10.0.0.1")));
    const proxy = lab.delta(envoyNode()).ask("cluster");
    await proxy.take();
    await proxy.ask("endpoints", ["pay.default"]).take();
    await lab.bench.remove(keyOfInstance("pay", "a"));
    expect(await proxy.take()).toMatchObject({ type: "endpoints" });
    await lab.bench.put(anInstance("new", "a", at("10.0.0.1", { protocol: "http" })));
    expect(namesOf(await proxy.next())).toEqual(["new.default"]);
  });

  test("looks up hosts by name itself", async () => {
    await using lab = await XdsLab.open();
    await lab.bench.put(aService("pay"), anInstance("pay", "a", at("pay.example")));
    const [resource] = (await lab.sotw(envoyNode()).ask("cluster").next()).resources;
    const cluster = fromBinary(ClusterSchema, resource?.any.value ?? new Uint8Array());
    expect(cluster.clusterDiscoveryType.value).toBe(Cluster_DiscoveryType.STRICT_DNS);
    expect(cluster.loadAssignment?.endpoints[0]?.lbEndpoints).toHaveLength(1);
  });

  test("is not told of endpoints that want TLS", async () => {
    await using lab = await XdsLab.open();
    await lab.bench.put(
      aService("pay"),
      anInstance("pay", "a", at("10.0.0.1", { tls: true })),
      anInstance("pay", "b", at("10.0.0.2")),
    );
    expect(addressesOf(await lab.sotw(envoyNode()).ask("endpoints", ["pay.default"]).next())).toEqual(["10.0.0.2:80"]);
    expect(addressesOf(await lab.sotw().ask("endpoints", ["pay.default"]).next())).toEqual([
      "10.0.0.1:80",
      "10.0.0.2:80",
    ]);
  });

  test("calls endpoints by name where instances have several, and no TCP service by host", async () => {
    await using lab = await XdsLab.open();
    const admin = { name: "admin", host: "10.0.0.1", port: 81, protocol: "http", tls: false } as const;
    await lab.bench.put(
      aService("pay"),
      anInstance("pay", "a", { endpoints: [...at("10.0.0.1").endpoints, admin] }),
      aService("db"),
      anInstance("db", "a", at("10.0.0.2", { protocol: "tcp" })),
    );
    const proxy = lab.sotw(envoyNode());
    expect(namesOf(await proxy.ask("cluster").next())).toEqual([
      "db.default",
      "pay.default",
      "pay.default.admin",
      "pay.default.grpc",
    ]);
    const [resource] = (await proxy.ask("route", ["portolan/outbound/default"]).next()).resources;
    const { virtualHosts } = fromBinary(RouteConfigurationSchema, resource?.any.value ?? new Uint8Array());
    expect(virtualHosts.map(({ name }) => name)).toEqual(["pay.default", "pay.default.admin", "pay.default.grpc"]);
  });
});
