import type { Disk, KeyRange, Write } from "../../src/store/level/disk.js";

/**
 * A disk that fails when a test says so.
 *
 * "refuse": writes nothing and fails, as when there is no room. "lie": writes and fails nevertheless, as when fsync fails.
 */
export class FaultyDisk implements Disk {
  fault: "none" | "refuse" | "lie" = "none";
  /** Reopening fails, too. */
  stuck = false;
  /** Of each write that went well: whether it was written through. */
  readonly synced: boolean[] = [];
  readonly #disk: Disk;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  async write(writes: readonly Write[], options: { readonly sync: boolean }): Promise<void> {
    if (this.fault !== "refuse") await this.#disk.write(writes, options);
    if (this.fault !== "none") throw new Error("no space left on device");
    this.synced.push(options.sync);
  }

  async reopen(): Promise<void> {
    if (this.stuck) throw new Error("still no space left on device");
    await this.#disk.reopen();
  }

  get(key: string) {
    return this.#disk.get(key);
  }

  entries(range: KeyRange, limit: number) {
    return this.#disk.entries(range, limit);
  }

  keys(range: KeyRange, limit: number) {
    return this.#disk.keys(range, limit);
  }

  last(range: KeyRange) {
    return this.#disk.last(range);
  }

  [Symbol.asyncDispose]() {
    return this.#disk[Symbol.asyncDispose]();
  }
}
