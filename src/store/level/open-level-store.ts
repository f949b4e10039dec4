import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { FORMAT_VERSION } from "../format-version.js";
import { JournaledStore } from "../journaled-store.js";
import type { StoreOptions } from "../options.js";
import type { Store } from "../store.js";
import { oneLine, StoreOpenError } from "../store-open-error.js";
import type { Disk } from "./disk.js";
import { type Format, type Migrations, migrate } from "./format.js";
import { LevelDisk } from "./level-disk.js";
import { LevelJournal } from "./level-journal.js";
import { type Loaded, loadFormat, loadState } from "./load.js";
import { syncDirectory } from "./sync-directory.js";

/** The folder of the state within the data directory; other rooms keep theirs beside it. */
export const STATE_FOLDER = "state";

/** Empty as long as there is but one format. */
const MIGRATIONS: Migrations = new Map();

/** Options of a store on LevelDB. */
export interface LevelStoreOptions extends StoreOptions {
  /** Where it lies; made when absent. The store takes the folder `state` in it. */
  readonly dataDir: string;
  /** Opens the disk; LevelDB unless a test says otherwise. */
  readonly openDisk?: (location: string) => Promise<Disk>;
}

/**
 * Opens the durable store, as it was left.
 *
 * @throws StoreOpenError IN_USE, NEWER_FORMAT, CORRUPT, IO.
 */
export async function openLevelStore(options: LevelStoreOptions): Promise<Store> {
  const startedMs = options.clock.monotonicMs();
  const disk = await openDisk(options);
  try {
    const { format, loaded } = await load(disk, options.dataDir);
    const tookMs = Math.round(options.clock.monotonicMs() - startedMs);
    options.log.info(
      { dataDir: options.dataDir, revision: String(loaded.state.revision), tookMs },
      "the store is open",
    );
    const journal = new LevelJournal({ disk, log: options.log, mark: loaded.compacted });
    return new JournaledStore({ ...options, ...loaded, journal, identity: format });
  } catch (error) {
    await disk[Symbol.asyncDispose]();
    throw error;
  }
}

async function openDisk({ dataDir, openDisk = LevelDisk.open }: LevelStoreOptions): Promise<Disk> {
  try {
    await mkdir(dataDir, { recursive: true });
    const disk = await openDisk(join(dataDir, STATE_FOLDER));
    await syncDirectory(dataDir);
    await syncDirectory(dirname(resolve(dataDir)));
    return disk;
  } catch (error) {
    throw openError(dataDir, error);
  }
}

async function load(disk: Disk, dataDir: string): Promise<{ format: Format; loaded: Loaded }> {
  try {
    const format = await migrate(disk, await loadFormat(disk), FORMAT_VERSION, MIGRATIONS);
    return { format, loaded: await loadState(disk) };
  } catch (error) {
    if (error instanceof StoreOpenError) throw error;
    throw corrupt(dataDir, error);
  }
}

function openError(dataDir: string, error: unknown): StoreOpenError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "LEVEL_LOCKED") {
    const message = `${dataDir} is in use by another portolan process: stop it, or choose another --data-dir`;
    return new StoreOpenError("IN_USE", message, { cause });
  }
  if (code === "LEVEL_CORRUPTION") return corrupt(dataDir, cause);
  return new StoreOpenError("IO", `${dataDir} cannot be opened: ${oneLine(cause)}`, { cause });
}

function corrupt(dataDir: string, cause: unknown): StoreOpenError {
  const advice = "move it away and run 'portolan restore' with your newest backup into an empty directory";
  return new StoreOpenError("CORRUPT", `${dataDir} is damaged (${oneLine(cause)}): ${advice}`, { cause });
}
