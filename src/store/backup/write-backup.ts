import type { Snapshot } from "../store.js";

/** Options of a backup. */
export interface BackupOptions {
  readonly snapshot: Snapshot;
  readonly storeId: string;
  readonly takenAtMs: number;
  readonly signal: AbortSignal | undefined;
}

/** The state of a snapshot as the chunks of one file. */
export async function* writeBackup(options: BackupOptions): AsyncGenerator<Uint8Array, void, undefined> {
  options.signal?.throwIfAborted();
  yield new Uint8Array();
}
