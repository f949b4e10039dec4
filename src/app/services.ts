import type { Logger } from "pino";
import { AdminService } from "../../gen/portolan/admin/v1/admin_pb.js";
import { DiscoveryService } from "../../gen/portolan/discovery/v1/discovery_pb.js";
import { RegistryService } from "../../gen/portolan/registry/v1/registry_pb.js";
import { TelemetryService } from "../../gen/portolan/telemetry/v1/telemetry_pb.js";
import { AccessLogService } from "../../gen/xds/envoy/service/accesslog/v3/als_pb.js";
import { AggregatedDiscoveryService } from "../../gen/xds/envoy/service/discovery/v3/ads_pb.js";
import { LoadReportingService } from "../../gen/xds/envoy/service/load_stats/v3/lrs_pb.js";
import type { Config } from "../config.js";
import {
  createAccessLogService,
  createAdminService,
  createAdsService,
  createDiscoveryService,
  createFilters,
  createLoadReportingService,
  createPageTokens,
  createRegistryService,
  createRules,
  createTelemetryService,
  type RpcMetrics,
  type ServedService,
  servedService,
} from "../rpc/index.js";
import type { Clock } from "../stream/index.js";
import type { Rooms } from "./rooms.js";

/** What the handlers work with. */
export interface ServicesOptions {
  readonly config: Config;
  readonly rooms: Rooms;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: RpcMetrics;
  readonly version: string;
  /** Where gRPC is served, once it is. */
  readonly address: () => string;
}

const GRPC_ONLY = { grpcOnly: true };

/** Every public service with its handlers. */
export function createServices(options: ServicesOptions): ServedService[] {
  const { config, rooms, clock, log, metrics, version, address } = options;
  const { store, registry, discovery, telemetry, xds } = rooms;
  const filters = createFilters();
  const rules = createRules({
    filters,
    watchMaxTargets: config.watchMaxTargets,
    telemetryRetentionMs: config.telemetryMaxAgeMs,
  });
  const pageTokens = createPageTokens({ secret: store.secret, clock });
  const shared = { registry, discovery, rules, filters, pageTokens, clock, log };
  return [
    servedService(
      RegistryService,
      createRegistryService({
        ...shared,
        maxSessionRequests: config.sessionMaxInFlight,
        onSessionFailure: (reason) => metrics.error(reason),
      }),
    ),
    servedService(DiscoveryService, createDiscoveryService(shared)),
    servedService(TelemetryService, createTelemetryService({ ...shared, telemetry })),
    servedService(AdminService, createAdminService({ ...shared, store, xds, version, address })),
    servedService(AggregatedDiscoveryService, createAdsService({ xds, identifier: `portolan ${version}` }), GRPC_ONLY),
    servedService(LoadReportingService, createLoadReportingService({ xds, telemetry, registry }), GRPC_ONLY),
    servedService(AccessLogService, createAccessLogService({ xds, telemetry, registry }), GRPC_ONLY),
  ];
}
