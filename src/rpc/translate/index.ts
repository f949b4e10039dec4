/**
 * Between the rooms' words and the public messages: pure functions, both ways.
 *
 * `xToProto` builds an answer, `xFromProto` reads a request that the rules accepted and fills the defaults in. Start with
 * `instance.ts`.
 *
 * @module
 */
export { resolutionToProto, servicesBatchToProto, watchBatchToProto } from "./discovery.js";
export { writeResolution, writeWatchBatch } from "./encode-discovery.js";
export { registeredToProto, updatedToProto, writeCommitted, writeWritten } from "./encode-registry.js";
export { endpointFromProto, endpointToProto } from "./endpoint.js";
export { healthFromProto, healthToProto, protocolFromProto, protocolToProto } from "./enums.js";
export { healthCheckFromProto, healthCheckToProto } from "./health-check.js";
export { instanceFromProto, instanceToProto, patchFromProto } from "./instance.js";
export { localityFromProto, localityToProto } from "./locality.js";
export { instanceRefFromProto, instanceRefToProto, namespaceFromProto, serviceRefFromProto } from "./refs.js";
export { serviceFromProto, serviceToProto } from "./service.js";
export { durationMsFromProto, durationToProto, timestampMsFromProto, timestampToProto } from "./time.js";
