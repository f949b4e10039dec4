/**
 * Where the truth lies: the `Store` port and what stands behind it.
 *
 * Start with `store.ts`: what every implementation promises; then `journaled-store.ts`, which puts the parts together.
 *
 * @module
 */
export { checkFolder } from "./level/folder-check.js";
export { type LevelStoreOptions, openLevelStore } from "./level/open-level-store.js";
export { type Restored, type RestoreOptions, restoreBackup } from "./level/restore-backup.js";
export { openMemoryStore } from "./memory/open-memory-store.js";
export { createStoreMetrics, type StoreMetrics } from "./metrics.js";
export type { StoreLimits, StoreOptions } from "./options.js";
export type * from "./store.js";
export { type StoreOpenCode, StoreOpenError } from "./store-open-error.js";
