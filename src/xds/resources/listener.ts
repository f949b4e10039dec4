import type { Any } from "@bufbuild/protobuf/wkt";
import { ListenerSchema } from "../../../gen/xds/envoy/config/listener/v3/listener_pb.js";
import type { Address } from "../../model/index.js";
import { INBOUND, OUTBOUND, outboundRoutes } from "../names.js";
import type { XdsNode } from "../node.js";
import { createResource, type Resource } from "../resource.js";
import { socketAddress } from "./addresses.js";
import { accessLog, httpManager, routesByName } from "./http-manager.js";
import { NO_LIMIT } from "./pack.js";
import { inboundRoutes, serverRoutes } from "./route.js";

/**
 * What a gRPC client asks for first when it dials `xds:///name`: nothing that listens, only where the routes are.
 *
 * @param name exactly as it was asked for (gRFC A27).
 */
export function apiListener(name: string, routes: string): Resource {
  const manager = httpManager({ statPrefix: name, routeSpecifier: routesByName(routes) });
  return createResource("listener", name, ListenerSchema, { name, apiListener: { apiListener: manager } });
}

/** What a gRPC server asks for before it takes calls: that it may, at the address where it listens (gRFC A36). */
export function serverListener(name: string, at: Address): Resource {
  const manager = httpManager({ statPrefix: "server", routeSpecifier: { case: "routeConfig", value: serverRoutes() } });
  return socketListener(name, at, manager);
}

/** Where a proxy takes the calls of its own program to all services of its namespace. */
export function outboundListener(node: XdsNode, at: Address): Resource {
  const manager = httpManager({
    statPrefix: "outbound",
    routeSpecifier: routesByName(outboundRoutes(node.namespace)),
    ...forStreams(node),
  });
  return socketListener(OUTBOUND, at, manager);
}

/** Where a proxy takes the calls of others to its own program. */
export function inboundListener(node: XdsNode, at: Address): Resource {
  const manager = httpManager({
    statPrefix: "inbound",
    routeSpecifier: { case: "routeConfig", value: inboundRoutes() },
    ...forStreams(node),
  });
  return socketListener(INBOUND, at, manager);
}

/** A stream may be silent for as long as it likes: those of watches are, and five minutes is what Envoy would give them. */
function forStreams({ accessLogCluster }: XdsNode) {
  return {
    streamIdleTimeout: NO_LIMIT,
    upgradeConfigs: [{ upgradeType: "websocket" }],
    ...(accessLogCluster !== undefined && { accessLog: [accessLog(accessLogCluster)] }),
  };
}

function socketListener(name: string, { ip, port }: Address, manager: Any): Resource {
  return createResource("listener", name, ListenerSchema, {
    name,
    address: socketAddress(ip, port),
    filterChains: [{ filters: [{ name: "http", configType: { case: "typedConfig", value: manager } }] }],
  });
}
