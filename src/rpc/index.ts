/**
 * The edge: the one room that knows gRPC. Two servers, one set of handlers.
 *
 * A call comes in by `grpc/served-call.ts` (or `http/guard.ts`), is read against the rules in `rules/`, answered by a
 * handler in `services/` with the words of the rooms, translated by `translate/`; what is thrown leaves by `errors.ts`.
 *
 * @module
 */
export { type CallHostOptions, createCallHost } from "./call-host.js";
export { callerOf, setCaller } from "./caller.js";
export { type ActiveCall, CallBook } from "./calls.js";
export { ConnectionRoom } from "./connection-room.js";
export { EdgeError, type EdgeFault } from "./edge-fault.js";
export { statusOf, toStatus } from "./errors.js";
export { createFilters, type Filters } from "./filter/index.js";
export { shared } from "./grpc/encode.js";
export { createHealthService, type HealthService } from "./grpc/health.js";
export { addReflection } from "./grpc/reflection.js";
export { type GrpcLimits, type GrpcServer, type GrpcServerOptions, openGrpcServer } from "./grpc/server.js";
export type { PlainPages } from "./http/plain-routes.js";
export { type HttpServer, type HttpServerOptions, openHttpServer } from "./http/server.js";
export { createRpcMetrics, type RpcMetrics } from "./metrics.js";
export { createPageTokens, type PageTokens, pageScope } from "./page-tokens.js";
export type { RpcStatus } from "./rpc-status.js";
export { assertInstanceFits, createRules, type Rules } from "./rules/index.js";
export { type ServedService, servedService } from "./served-service.js";
export { type AdminServiceOptions, createAdminService } from "./services/admin.js";
export { type AdsServiceOptions, createAdsService } from "./services/ads.js";
export { createDiscoveryService } from "./services/discovery.js";
export { createRegistryService } from "./services/registry.js";
export type { RegistryServiceOptions } from "./services/registry-options.js";
export { createTelemetryService } from "./services/telemetry.js";
export type { TelemetryServiceOptions } from "./services/telemetry-options.js";
export { createAccessLogService, createLoadReportingService, type XdsReportsOptions } from "./services/xds-reports.js";
