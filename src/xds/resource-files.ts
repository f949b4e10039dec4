import type { DescFile } from "@bufbuild/protobuf";
import { file_envoy_config_cluster_v3_cluster } from "../../gen/xds/envoy/config/cluster/v3/cluster_pb.js";
import { file_envoy_config_endpoint_v3_endpoint } from "../../gen/xds/envoy/config/endpoint/v3/endpoint_pb.js";
import { file_envoy_config_listener_v3_listener } from "../../gen/xds/envoy/config/listener/v3/listener_pb.js";
import { file_envoy_config_route_v3_route } from "../../gen/xds/envoy/config/route/v3/route_pb.js";
import { file_envoy_extensions_access_loggers_grpc_v3_als } from "../../gen/xds/envoy/extensions/access_loggers/grpc/v3/als_pb.js";
import { file_envoy_extensions_filters_http_router_v3_router } from "../../gen/xds/envoy/extensions/filters/http/router/v3/router_pb.js";
import { file_envoy_extensions_filters_network_http_connection_manager_v3_http_connection_manager } from "../../gen/xds/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js";
import { file_envoy_extensions_upstreams_http_v3_http_protocol_options } from "../../gen/xds/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js";

/** Where the messages are described that resources are made of, for those who want to read them. */
export const RESOURCE_FILES: readonly DescFile[] = [
  file_envoy_config_cluster_v3_cluster,
  file_envoy_config_endpoint_v3_endpoint,
  file_envoy_config_listener_v3_listener,
  file_envoy_config_route_v3_route,
  file_envoy_extensions_access_loggers_grpc_v3_als,
  file_envoy_extensions_filters_http_router_v3_router,
  file_envoy_extensions_filters_network_http_connection_manager_v3_http_connection_manager,
  file_envoy_extensions_upstreams_http_v3_http_protocol_options,
];
