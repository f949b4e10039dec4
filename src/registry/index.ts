/**
 * The write side of the catalogue: services, instances, sessions, leases, health.
 *
 * Start with `registry.ts`: what it promises.
 *
 * @module
 */
export type * from "./registry.js";
