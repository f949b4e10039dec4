/**
 * Where the truth lies: the `Store` port and what stands behind it.
 *
 * Start with `store.ts`: what every implementation promises.
 *
 * @module
 */
export type * from "./store.js";
