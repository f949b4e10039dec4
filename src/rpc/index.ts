/**
 * The edge: the one room that knows gRPC. Two servers, one set of handlers.
 *
 * A call comes in by `grpc/served-call.ts` (or `http/`), is read against the rules in `rules/`, answered by a handler in
 * `services/` with the words of the rooms, translated by `translate/`; what is thrown leaves by `errors.ts`.
 *
 * @module
 */
export { callerOf, setCaller } from "./caller.js";
export { CallBook } from "./calls.js";
export { EdgeError, type EdgeFault } from "./edge-fault.js";
export { statusOf, toStatus } from "./errors.js";
export { shared } from "./grpc/encode.js";
export { type GrpcLimits, type GrpcServer, type GrpcServerOptions, openGrpcServer } from "./grpc/server.js";
export { createRpcMetrics, type RpcMetrics } from "./metrics.js";
export type { RpcStatus } from "./rpc-status.js";
export { type ServedService, servedService } from "./served-service.js";
