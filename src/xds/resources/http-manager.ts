import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import type { AccessLogSchema } from "../../../gen/xds/envoy/config/accesslog/v3/accesslog_pb.js";
import { ApiVersion } from "../../../gen/xds/envoy/config/core/v3/config_source_pb.js";
import { HttpGrpcAccessLogConfigSchema } from "../../../gen/xds/envoy/extensions/access_loggers/grpc/v3/als_pb.js";
import { RouterSchema } from "../../../gen/xds/envoy/extensions/filters/http/router/v3/router_pb.js";
import { HttpConnectionManagerSchema } from "../../../gen/xds/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js";
import { ADS } from "./ads-source.js";
import { pack } from "./pack.js";

type Manager = Exclude<MessageInitShape<typeof HttpConnectionManagerSchema>, { $typeName: string }>;

/** What a manager does with a request: the router alone, which must be the last filter and there once (gRFC A39). */
const ROUTER: Any = pack(RouterSchema, {});

/** An HTTP connection manager, packed. */
export function httpManager(manager: Omit<Manager, "httpFilters">): Any {
  const httpFilters: Manager["httpFilters"] = [{ name: "router", configType: { case: "typedConfig", value: ROUTER } }];
  return pack(HttpConnectionManagerSchema, { ...manager, httpFilters });
}

/** Its routes are asked for by name, on the same stream. */
export function routesByName(routeConfigName: string): NonNullable<Manager["routeSpecifier"]> {
  return { case: "rds", value: { configSource: ADS, routeConfigName } };
}

/** Sends a line about each request to us, in batches. @param cluster how the proxy's bootstrap calls us. */
export function accessLog(cluster: string): MessageInitShape<typeof AccessLogSchema> {
  const config: MessageInitShape<typeof HttpGrpcAccessLogConfigSchema> = {
    commonConfig: {
      logName: "portolan",
      transportApiVersion: ApiVersion.V3,
      grpcService: { targetSpecifier: { case: "envoyGrpc", value: { clusterName: cluster } } },
    },
    additionalResponseHeadersToLog: ["grpc-status"],
    additionalResponseTrailersToLog: ["grpc-status"],
  };
  return {
    name: "envoy.access_loggers.http_grpc",
    configType: { case: "typedConfig", value: pack(HttpGrpcAccessLogConfigSchema, config) },
  };
}
