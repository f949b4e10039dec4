/**
 * The read side: the catalogue kept from the store's feed; resolve, list, watch.
 *
 * A commit enters by `create-discovery.ts` (`#publish`): `catalogue.ts` takes it in, `view-index.ts` finds who is concerned,
 * `view.ts` says what each way to look sees of it, `pending.ts` keeps it until the reader asks, `watch.ts` is that reader's
 * stream. Start with `discovery.ts`: what it promises.
 *
 * @module
 */
export { createDiscovery, type DiscoveryOptions, type StoreDiscovery } from "./create-discovery.js";
export type * from "./discovery.js";
export { createDiscoveryMetrics, type DiscoveryMetrics, type DiscoverySources } from "./metrics.js";
