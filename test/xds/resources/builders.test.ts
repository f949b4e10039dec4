import { fromBinary } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import {
  Cluster_DiscoveryType,
  Cluster_DnsLookupFamily,
  ClusterSchema,
} from "../../../gen/xds/envoy/config/cluster/v3/cluster_pb.js";
import { HealthStatus } from "../../../gen/xds/envoy/config/core/v3/health_check_pb.js";
import { ClusterLoadAssignmentSchema } from "../../../gen/xds/envoy/config/endpoint/v3/endpoint_pb.js";
import { ListenerSchema } from "../../../gen/xds/envoy/config/listener/v3/listener_pb.js";
import { RouteConfigurationSchema } from "../../../gen/xds/envoy/config/route/v3/route_pb.js";
import {
  type HttpConnectionManager,
  HttpConnectionManagerSchema,
} from "../../../gen/xds/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js";
import { HttpProtocolOptionsSchema } from "../../../gen/xds/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js";
import type { Resource } from "../../../src/xds/resource.js";
import { dnsCluster, edsCluster, inboundCluster } from "../../../src/xds/resources/cluster.js";
import { assignment, endpointAssignment } from "../../../src/xds/resources/endpoints.js";
import { apiListener, inboundListener, outboundListener, serverListener } from "../../../src/xds/resources/listener.js";
import { namespaceRoutes, serviceRoutes } from "../../../src/xds/resources/route.js";
import { aGrpcNode, anEnvoy } from "../support/nodes.js";

const AT = { ip: "127.0.0.1", port: 10_000 };
const ADS = { resourceApiVersion: 2, configSourceSpecifier: { case: "ads" } };

function manager(any: Any | undefined): HttpConnectionManager {
  expect(any?.typeUrl).toBe(`type.googleapis.com/${HttpConnectionManagerSchema.typeName}`);
  return fromBinary(HttpConnectionManagerSchema, any?.value ?? new Uint8Array());
}

/** The manager of the only filter of a listener on a socket. */
function socketManager(resource: Resource): HttpConnectionManager {
  const listener = fromBinary(ListenerSchema, resource.any.value);
  expect(listener.address?.address).toMatchObject({
    case: "socketAddress",
    value: { address: AT.ip, portSpecifier: { case: "portValue", value: AT.port } },
  });
  expect(listener.filterChains).toHaveLength(1);
  expect(listener.filterChains[0]?.filters).toHaveLength(1);
  const config = listener.filterChains[0]?.filters[0]?.configType;
  return manager(config?.case === "typedConfig" ? config.value : undefined);
}

function upstreamOf(resource: Resource): string | undefined {
  const cluster = fromBinary(ClusterSchema, resource.any.value);
  const any = cluster.typedExtensionProtocolOptions["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"];
  const { upstreamProtocolOptions: options } = fromBinary(HttpProtocolOptionsSchema, any?.value ?? new Uint8Array());
  return options.case === "explicitHttpConfig" ? options.value.protocolConfig.case : options.case;
}

test("an API listener bears the name that was asked for, and says where its routes are", () => {
  const resource = apiListener("checkout", "checkout.default");
  const listener = fromBinary(ListenerSchema, resource.any.value);
  expect([resource.name, listener.name]).toEqual(["checkout", "checkout"]);
  const { routeSpecifier, httpFilters } = manager(listener.apiListener?.apiListener);
  expect(routeSpecifier).toMatchObject({
    case: "rds",
    value: { routeConfigName: "checkout.default", configSource: ADS },
  });
  expect(httpFilters.map(({ name }) => name)).toEqual(["router"]);
});

test("a server's listener has its address, one connection manager, and routes that forward nothing", () => {
  const { routeSpecifier, httpFilters } = socketManager(serverListener("grpc/server?x", AT));
  expect(httpFilters).toHaveLength(1);
  const routes = routeSpecifier.case === "routeConfig" ? routeSpecifier.value : undefined;
  expect(routes?.virtualHosts[0]?.routes[0]?.action.case).toBe("nonForwardingAction");
});

test("an outbound listener asks for the routes of its namespace, and cuts no stream", () => {
  const { routeSpecifier, streamIdleTimeout, accessLog } = socketManager(outboundListener(anEnvoy, AT));
  expect(routeSpecifier).toMatchObject({ case: "rds", value: { routeConfigName: "portolan/outbound/default" } });
  expect(streamIdleTimeout).toMatchObject({ seconds: 0n, nanos: 0 });
  expect(accessLog).toEqual([]);
});

test("a proxy that names the cluster of the plane sends its access log there", () => {
  const { accessLog } = socketManager(outboundListener({ ...anEnvoy, accessLogCluster: "plane" }, AT));
  expect(accessLog.map(({ name }) => name)).toEqual(["envoy.access_loggers.http_grpc"]);
});

test("an inbound listener sends everything to the program behind the proxy", () => {
  const { routeSpecifier } = socketManager(inboundListener(anEnvoy, AT));
  const routes = routeSpecifier.case === "routeConfig" ? routeSpecifier.value : undefined;
  const action = routes?.virtualHosts[0]?.routes[0]?.action;
  expect(action).toMatchObject({ case: "route", value: { clusterSpecifier: { value: "portolan/inbound" } } });
  const cluster = fromBinary(ClusterSchema, inboundCluster(AT).any.value);
  expect(cluster.clusterDiscoveryType.value).toBe(Cluster_DiscoveryType.STATIC);
});

test("the routes of a service send all to its cluster, without a limit of time", () => {
  const routes = fromBinary(RouteConfigurationSchema, serviceRoutes("r", "checkout.default").any.value);
  expect(routes.virtualHosts[0]?.domains).toEqual(["*"]);
  expect(routes.virtualHosts[0]?.routes[0]).toMatchObject({
    match: { pathSpecifier: { case: "prefix", value: "/" } },
    action: {
      case: "route",
      value: { clusterSpecifier: { case: "cluster", value: "checkout.default" }, timeout: { seconds: 0n, nanos: 0 } },
    },
  });
});

test("the routes of a namespace tell services apart by host, with or without a port", () => {
  const cart = { namespace: "shop", name: "cart" };
  const resource = namespaceRoutes("shop", [
    { ...cart, endpoint: "" },
    { ...cart, endpoint: "admin" },
  ]);
  const routes = fromBinary(RouteConfigurationSchema, resource.any.value);
  expect(routes.name).toBe("portolan/outbound/shop");
  expect(routes.ignorePortInHostMatching).toBe(true);
  expect(routes.virtualHosts.map(({ domains }) => domains)).toEqual([["cart", "cart.shop"], ["cart.shop.admin"]]);
});

test("a cluster asks for its endpoints by its name, and for load reports to whoever told it", () => {
  const cluster = fromBinary(ClusterSchema, edsCluster("c", "http2").any.value);
  expect(cluster.clusterDiscoveryType.value).toBe(Cluster_DiscoveryType.EDS);
  expect(cluster.edsClusterConfig).toMatchObject({ edsConfig: ADS, serviceName: "" });
  expect(cluster.lrsServer?.configSourceSpecifier.case).toBe("self");
  expect(cluster.commonLbConfig?.healthyPanicThreshold?.value).toBe(0);
});

test.each([
  ["http1", "httpProtocolOptions"],
  ["http2", "http2ProtocolOptions"],
  ["mirror", "useDownstreamProtocolConfig"],
] as const)("a cluster of %s is spoken to by %s", (upstream, options) => {
  expect(upstreamOf(edsCluster("c", upstream))).toBe(options);
});

const GROUPS = [
  {
    locality: { region: "eu", zone: "a", subZone: "" },
    priority: 0,
    weight: 300,
    targets: [
      { host: "10.0.0.1", port: 80, draining: false, weight: 300 },
      { host: "::1", port: 81, draining: true, weight: 100 },
    ],
  },
];

test("an assignment has the places with their weights, and each endpoint with its health", () => {
  const { clusterName, endpoints } = fromBinary(
    ClusterLoadAssignmentSchema,
    endpointAssignment("checkout", GROUPS).any.value,
  );
  expect(clusterName).toBe("checkout");
  expect(endpoints).toMatchObject([{ locality: { region: "eu", zone: "a" }, loadBalancingWeight: 300, priority: 0 }]);
  const all = endpoints.flatMap(({ lbEndpoints }) => lbEndpoints);
  expect(all.map(({ healthStatus }) => healthStatus)).toEqual([HealthStatus.HEALTHY, HealthStatus.DRAINING]);
  expect(all.map(({ loadBalancingWeight }) => loadBalancingWeight)).toEqual([300, 100]);
});

test("an assignment always says which place it means: gRPC refuses one without", () => {
  const nowhere = [{ ...GROUPS[0], locality: { region: "", zone: "", subZone: "" } }] as typeof GROUPS;
  const { endpoints } = fromBinary(ClusterLoadAssignmentSchema, endpointAssignment("c", nowhere).any.value);
  expect(endpoints[0]?.locality).toBeDefined();
});

test("a cluster of hosts by name carries its endpoints", () => {
  const cluster = fromBinary(ClusterSchema, dnsCluster("c", "http1", assignment("c", GROUPS)).any.value);
  expect(cluster.clusterDiscoveryType.value).toBe(Cluster_DiscoveryType.STRICT_DNS);
  expect(cluster.dnsLookupFamily).toBe(Cluster_DnsLookupFamily.V4_PREFERRED);
  expect(cluster.loadAssignment?.endpoints[0]?.lbEndpoints).toHaveLength(2);
});

test("a version is a hash of the content: equal for equals, another for others", () => {
  expect(edsCluster("c", "http2").version).toBe(edsCluster("c", "http2").version);
  expect(edsCluster("c", "http2").version).not.toBe(edsCluster("c", "http1").version);
  expect(outboundListener(anEnvoy, AT).version).not.toBe(
    outboundListener({ ...aGrpcNode, namespace: "shop" }, AT).version,
  );
});
