/**
 * The read side: the catalogue kept from the store's feed; resolve, list, watch.
 *
 * Start with `discovery.ts`: what it promises; then `catalogue.ts`.
 *
 * @module
 */
export type * from "./discovery.js";
