import { isIP } from "node:net";
import type { JsonObject } from "@bufbuild/protobuf";
import type { Locality } from "../../../gen/portolan/registry/v1/registry_pb.js";

/** Who the client is. */
export interface BootstrapNode {
  readonly id: string;
  /** The service that calls; empty when unknown. */
  readonly cluster: string;
  /** Absent means "default". */
  readonly namespace?: string;
  readonly locality?: Locality;
}

/** What an Envoy is told beside who it is. */
export interface EnvoyOptions {
  /** The control plane. */
  readonly plane: URL;
  /** Where it takes calls to other services. */
  readonly listen: string;
  /** Where its admin page is. */
  readonly admin: string;
  readonly accessLog: boolean;
  /** Where it takes calls to its own service, and where that listens. */
  readonly inbound?: { readonly listen: string; readonly forward: string };
}

/** How an Envoy calls the control plane in its own configuration. */
const PLANE = "portolan";

/**
 * What GRPC_XDS_BOOTSTRAP points to.
 *
 * @see https://github.com/grpc/proposal/blob/master/A27-xds-global-load-balancing.md, and A36 for servers
 */
export function grpcBootstrap(node: BootstrapNode, plane: URL): JsonObject {
  const credentials = plane.protocol === "https:" ? "tls" : "insecure";
  return {
    xds_servers: [{ server_uri: plane.host, channel_creds: [{ type: credentials }], server_features: ["xds_v3"] }],
    // grpc-js-xds takes no file without a locality, though it may be empty.
    node: { locality: {}, ...nodeJson(node, node.namespace === undefined ? {} : { namespace: node.namespace }) },
    server_listener_resource_name_template: "grpc/server?xds.resource.listening_address=%s",
  };
}

/** A whole configuration: listeners, routes, clusters and endpoints by delta ADS, load reports back. */
export function envoyBootstrap(node: BootstrapNode, options: EnvoyOptions): JsonObject {
  const { listen, inbound, accessLog, admin } = options;
  const ads = { resource_api_version: "V3", ads: {} };
  const stream = {
    api_type: "DELTA_GRPC",
    transport_api_version: "V3",
    grpc_services: [{ envoy_grpc: { cluster_name: PLANE } }],
  };
  const metadata = {
    listen,
    ...(node.namespace !== undefined && { namespace: node.namespace }),
    ...(inbound && { inbound: { ...inbound } }),
    ...(accessLog && { access_log_cluster: PLANE }),
  };
  return {
    node: nodeJson(node, metadata),
    admin: { address: socketAddress(admin) },
    dynamic_resources: { ads_config: stream, lds_config: ads, cds_config: ads },
    cluster_manager: { load_stats_config: { ...stream, api_type: "GRPC" } },
    static_resources: { clusters: [planeCluster(options.plane)] },
  };
}

function nodeJson({ id, cluster, locality }: BootstrapNode, metadata: JsonObject): JsonObject {
  return {
    id,
    ...(cluster !== "" && { cluster }),
    ...(locality && { locality: { region: locality.region, zone: locality.zone, sub_zone: locality.subZone } }),
    ...(Object.keys(metadata).length > 0 && { metadata: { portolan: metadata } }),
  };
}

function planeCluster(plane: URL): JsonObject {
  const host = plane.hostname.replace(/^\[|\]$/g, "");
  const endpoint = { address: socketAddress(plane.host) };
  return {
    name: PLANE,
    type: isIP(host) === 0 ? "STRICT_DNS" : "STATIC",
    connect_timeout: "2s",
    ...(plane.protocol === "https:" && { transport_socket: tls(host) }),
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config: {
          http2_protocol_options: { connection_keepalive: { interval: "30s", timeout: "5s" } },
        },
      },
    },
    load_assignment: { cluster_name: PLANE, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
  };
}

function tls(sni: string): JsonObject {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
      sni,
      common_tls_context: { validation_context: { trusted_ca: { filename: "/etc/ssl/certs/ca-certificates.crt" } } },
    },
  };
}

function socketAddress(text: string): JsonObject {
  const at = text.lastIndexOf(":");
  const address = text.slice(0, at).replace(/^\[|\]$/g, "");
  return { socket_address: { address, port_value: Number(text.slice(at + 1)) } };
}
