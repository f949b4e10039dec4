import type { Discovered, WatchBatch } from "../../src/discovery/index.js";

/**
 * A consumer as the contract tells him to be: he keeps what he was told, and knows where to resume.
 *
 * It fails when the stream breaks a promise that any reader can check: revisions that go back, a second `synced`, changes
 * of a service that was never reset, an id removed that was never put.
 */
export class Reader {
  /** "target/service" -> id -> what was told last. */
  readonly tables = new Map<string, Map<string, Discovered>>();
  readonly exists = new Map<string, boolean>();
  readonly panic = new Map<string, boolean>();
  revision = 0n;
  synced = false;
  merged = 0;
  batches = 0;

  constructor(earlier?: Reader) {
    if (!earlier) return;
    this.revision = earlier.revision;
    for (const [key, table] of earlier.tables) this.tables.set(key, new Map(table));
    for (const [key, exists] of earlier.exists) this.exists.set(key, exists);
    for (const [key, panic] of earlier.panic) this.panic.set(key, panic);
  }

  take(batch: WatchBatch): void {
    this.batches++;
    if (batch.reset) this.#forget();
    if (batch.synced && this.synced) throw new Error("synced came twice");
    this.synced ||= batch.synced;
    for (const update of batch.updates) this.#update(`${update.target}/${update.service}`, update);
    this.merged += batch.merged;
    if (batch.revision === 0n) return;
    if (batch.revision < this.revision)
      throw new Error(`revision went back from ${this.revision} to ${batch.revision}`);
    this.revision = batch.revision;
  }

  /** Ids that it would call now, sorted. */
  ids(service: string, target = 0): string[] {
    return [...(this.tables.get(`${target}/${service}`)?.keys() ?? [])].sort();
  }

  #forget(): void {
    this.tables.clear();
    this.exists.clear();
    this.panic.clear();
    this.revision = 0n;
  }

  #update(key: string, update: WatchBatch["updates"][number]): void {
    const table = update.reset ? new Map<string, Discovered>() : (this.tables.get(key) ?? new Map());
    for (const id of update.removed) {
      if (!table.delete(id)) throw new Error(`${key}: ${id} was removed, and never put`);
    }
    for (const discovered of update.put) table.set(discovered.instance.id, discovered);
    if (!update.exists && table.size > 0) throw new Error(`${key}: gone, but ${[...table.keys()]} stand`);
    this.tables.set(key, table);
    this.exists.set(key, update.exists);
    this.panic.set(key, update.panic);
  }
}
