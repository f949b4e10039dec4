import { randomBytes, randomUUID } from "node:crypto";
import { JournaledStore } from "../journaled-store.js";
import type { StoreOptions } from "../options.js";
import type { Store } from "../store.js";
import { MemoryJournal } from "./memory-journal.js";

/** Opens an empty store that lives as long as the process: for tests and for trying things out. */
export async function openMemoryStore(options: StoreOptions): Promise<Store> {
  return new JournaledStore({
    historyMaxRevisions: 100_000,
    ...options,
    journal: new MemoryJournal(),
    identity: { storeId: randomUUID(), secret: Uint8Array.from(randomBytes(32)) },
    state: { revision: 0n, committedAtMs: 0, entities: [], sessions: [] },
    compacted: { revision: 0n, committedAtMs: 0 },
  });
}
