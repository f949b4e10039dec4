import type { MessageInitShape } from "@bufbuild/protobuf";
import type { RouteSchema, VirtualHostSchema } from "../../../gen/xds/envoy/config/route/v3/route_components_pb.js";
import { RouteConfigurationSchema } from "../../../gen/xds/envoy/config/route/v3/route_pb.js";
import { fullName, INBOUND, outboundRoutes, type ServiceName } from "../names.js";
import { createResource, type Resource } from "../resource.js";
import { NO_LIMIT } from "./pack.js";

type RouteInit = MessageInitShape<typeof RouteSchema>;
type VirtualHostInit = MessageInitShape<typeof VirtualHostSchema>;
type RoutesInit = MessageInitShape<typeof RouteConfigurationSchema>;

/** The routes of one service for a client that dialled it: all calls go to its cluster. */
export function serviceRoutes(name: string, cluster: string): Resource {
  return createResource("route", name, RouteConfigurationSchema, {
    name,
    virtualHosts: [{ name: cluster, domains: ["*"], routes: [everythingTo(cluster)] }],
  });
}

/**
 * The routes of a proxy to all services of a namespace, by the host that a call names: `checkout` or `checkout.default`, with
 * or without a port.
 */
export function namespaceRoutes(namespace: string, names: readonly ServiceName[]): Resource {
  const name = outboundRoutes(namespace);
  return createResource("route", name, RouteConfigurationSchema, {
    name,
    virtualHosts: names.map(virtualHost),
    ignorePortInHostMatching: true,
  });
}

/** All calls to the program behind a proxy. */
export function inboundRoutes(): RoutesInit {
  return { name: INBOUND, virtualHosts: [{ name: INBOUND, domains: ["*"], routes: [everythingTo(INBOUND)] }] };
}

/** All calls to a gRPC server that asked whether it may serve (gRFC A36). */
export function serverRoutes(): RoutesInit {
  const here: RouteInit = {
    match: { pathSpecifier: { case: "prefix", value: "" } },
    action: { case: "nonForwardingAction", value: {} },
  };
  return { name: "server", virtualHosts: [{ name: "server", domains: ["*"], routes: [here] }] };
}

function virtualHost(service: ServiceName): VirtualHostInit {
  const full = fullName(service);
  const domains = service.endpoint === "" ? [service.name, full] : [full];
  return { name: full, domains, routes: [everythingTo(full)] };
}

function everythingTo(cluster: string): RouteInit {
  return {
    match: { pathSpecifier: { case: "prefix", value: "/" } },
    action: {
      case: "route",
      // A call has its own deadline, and a stream none. Envoy would cut both after 15 s; gRPC does not look at it.
      value: { clusterSpecifier: { case: "cluster", value: cluster }, timeout: NO_LIMIT },
    },
  };
}
