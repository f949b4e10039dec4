/** A control plane that lives says something on a watch at least this often, in milliseconds. */
export const BOOKMARK_INTERVAL_MS = 10_000;

/** So many intervals of silence, and the stream counts as dead. */
export const SILENT_INTERVALS = 3;
