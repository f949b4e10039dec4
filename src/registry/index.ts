/**
 * The write side of the catalogue: services, instances, sessions, leases, health.
 *
 * It decides on what the store's next commit would find and commits in the same tick; what has a time (leases, drains,
 * sessions without a stream) follows the store's durable feed. The edge calls it, discovery shows what it wrote.
 *
 * Start with `registry.ts`: what it promises. Then `writes.ts` (requests), `deadlines.ts` (leases and drains),
 * `sessions.ts`, and `health/` (what consumers are told of an instance).
 *
 * @module
 */
export { createRegistry, type RegistryOptions } from "./create-registry.js";
export { type ProbeAddresses, parseProbeAddresses } from "./health/probe/addresses.js";
export type { ProbeLimits } from "./health/probe/prober.js";
export { DEFAULT_LIMITS, type RegistryLimits } from "./limits.js";
export { createRegistryMetrics, type RegistryMetrics } from "./metrics.js";
export type * from "./registry.js";
