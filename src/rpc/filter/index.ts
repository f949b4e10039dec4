/**
 * Filters: CEL expressions over public field names, checked when a call begins, evaluated over the rooms' own objects.
 *
 * `filters.ts` is the way in; `check.ts` says what is wrong with an expression before it runs; `view.ts` shows an object to
 * CEL without copying it; `variables.ts` lists what a filter may name.
 *
 * @module
 */
export { createFilters, type Filter, type Filters } from "./filters.js";
export type { FilterKind } from "./variables.js";
