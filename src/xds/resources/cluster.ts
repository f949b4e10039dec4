import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Any, Duration } from "@bufbuild/protobuf/wkt";
import {
  Cluster_DiscoveryType,
  Cluster_DnsLookupFamily,
  Cluster_LbPolicy,
  ClusterSchema,
} from "../../../gen/xds/envoy/config/cluster/v3/cluster_pb.js";
import type { ClusterLoadAssignmentSchema } from "../../../gen/xds/envoy/config/endpoint/v3/endpoint_pb.js";
import { HttpProtocolOptionsSchema } from "../../../gen/xds/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js";
import type { Address } from "../../model/index.js";
import { INBOUND } from "../names.js";
import { createResource, type Resource } from "../resource.js";
import { socketAddress } from "./addresses.js";
import { ADS, SELF } from "./ads-source.js";
import { pack } from "./pack.js";

type ClusterInit = Exclude<MessageInitShape<typeof ClusterSchema>, { $typeName: string }>;

/** What the instances of a cluster speak; `mirror` speaks to them as the caller speaks to the proxy. */
export type Upstream = "http1" | "http2" | "mirror";

/** An assignment that stands in the cluster itself. */
export type Assignment = MessageInitShape<typeof ClusterLoadAssignmentSchema>;

const PROTOCOL_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const CONNECT_TIMEOUT: Duration = { $typeName: "google.protobuf.Duration", seconds: 2n, nanos: 0 };

/** upstream -> how a proxy speaks to it. gRPC does not look at it. */
const PROTOCOLS: Readonly<Record<Upstream, Any>> = {
  http1: pack(HttpProtocolOptionsSchema, {
    upstreamProtocolOptions: {
      case: "explicitHttpConfig",
      value: { protocolConfig: { case: "httpProtocolOptions", value: {} } },
    },
  }),
  http2: pack(HttpProtocolOptionsSchema, {
    upstreamProtocolOptions: {
      case: "explicitHttpConfig",
      value: { protocolConfig: { case: "http2ProtocolOptions", value: {} } },
    },
  }),
  mirror: pack(HttpProtocolOptionsSchema, {
    upstreamProtocolOptions: {
      case: "useDownstreamProtocolConfig",
      value: { httpProtocolOptions: {}, http2ProtocolOptions: {} },
    },
  }),
};

/** A cluster whose endpoints are asked for by its name. @param upstream omitted for gRPC, which speaks but one protocol. */
export function edsCluster(name: string, upstream?: Upstream): Resource {
  return cluster(name, upstream, {
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: ADS },
  });
}

/** A cluster of hosts by name, which a proxy looks up itself; endpoint assignments can only hold addresses. */
export function dnsCluster(name: string, upstream: Upstream, loadAssignment: Assignment): Resource {
  return cluster(name, upstream, {
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.STRICT_DNS },
    // Envoy's default takes the IPv6 addresses alone of a name that has both, also where nobody listens there.
    dnsLookupFamily: Cluster_DnsLookupFamily.V4_PREFERRED,
    loadAssignment,
  });
}

/** The program behind a proxy. */
export function inboundCluster({ ip, port }: Address): Resource {
  const endpoint = { hostIdentifier: { case: "endpoint", value: { address: socketAddress(ip, port) } } } as const;
  return cluster(INBOUND, "mirror", {
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.STATIC },
    loadAssignment: { clusterName: INBOUND, endpoints: [{ lbEndpoints: [endpoint] }] },
  });
}

function cluster(name: string, upstream: Upstream | undefined, rest: Omit<ClusterInit, "name">): Resource {
  return createResource("cluster", name, ClusterSchema, {
    name,
    connectTimeout: CONNECT_TIMEOUT,
    lbPolicy: Cluster_LbPolicy.ROUND_ROBIN,
    // We panic ourselves, over all instances; a proxy that did so too would call those that we call draining.
    commonLbConfig: { healthyPanicThreshold: { value: 0 } },
    typedExtensionProtocolOptions: upstream ? { [PROTOCOL_OPTIONS]: PROTOCOLS[upstream] } : {},
    lrsServer: SELF,
    ...rest,
  });
}
