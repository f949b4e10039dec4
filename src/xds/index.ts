/**
 * xDS v3 from the catalogue, for gRPC clients and servers and for Envoy.
 *
 * What to say: `builder.ts` knows how each resource is made (`resources/`, one file a type, pure), `topics.ts` makes it once for all
 * who ask for it, `refresher.ts` makes it anew when what it is made of changes. How to say it: `subscription/` is what one stream
 * wants and was told of one type (pure), `streams/` the one ordered queue of a stream. Start with `xds.ts`, then `topics.ts` and
 * `subscription/entry.ts`. Load reports and access logs are read in `reports/`.
 *
 * @module
 */
export { CatalogueXds, createXds, type XdsOptions } from "./create-xds.js";
export { createXdsMetrics, type XdsMetrics } from "./metrics.js";
export type { AccessLine } from "./reports/access-log.js";
export type { LoadReport, ReportedCalls } from "./reports/load-report.js";
export type { LoadOrder } from "./reports/load-reporting.js";
export { RESOURCE_FILES } from "./resource-files.js";
export type { Outgoing, Variant } from "./streams/xds-stream.js";
export { type ResourceType, TYPE_URLS } from "./types.js";
export type * from "./xds.js";
