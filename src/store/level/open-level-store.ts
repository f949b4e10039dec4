import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { FORMAT_VERSION } from "../format-version.js";
import { JournaledStore } from "../journaled-store.js";
import type { StoreOptions } from "../options.js";
import type { Store } from "../store.js";
import { oneLine, StoreOpenError } from "../store-open-error.js";
import { type Acknowledged, AcknowledgedFile, readAcknowledged } from "./acknowledged.js";
import type { Disk } from "./disk.js";
import { checkFolder } from "./folder-check.js";
import { type Format, type Migrations, migrate } from "./format.js";
import { LevelDisk } from "./level-disk.js";
import { LevelJournal } from "./level-journal.js";
import { type Loaded, loadFormat, loadState } from "./load.js";
import { checkHistory } from "./log-records.js";
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
    const location = join(options.dataDir, STATE_FOLDER);
    const { format, loaded } = await load(disk, options);
    const tookMs = Math.round(options.clock.monotonicMs() - startedMs);
    options.log.info(
      { dataDir: options.dataDir, revision: String(loaded.state.revision), tookMs },
      "the store is open",
    );
    const acknowledged = await AcknowledgedFile.open(location, loaded.tally, options.log);
    const journal = new LevelJournal({ disk, log: options.log, acknowledged, mark: loaded.compacted, ...loaded });
    return new JournaledStore({ ...options, ...loaded, journal, identity: format });
  } catch (error) {
    await disk[Symbol.asyncDispose]();
    throw error;
  }
}

async function openDisk({ dataDir, openDisk = LevelDisk.open }: LevelStoreOptions): Promise<Disk> {
  try {
    await mkdir(dataDir, { recursive: true });
    await checkFolder(join(dataDir, STATE_FOLDER));
    const disk = await openDisk(join(dataDir, STATE_FOLDER));
    await syncDirectory(dataDir);
    await syncDirectory(dirname(resolve(dataDir)));
    return disk;
  } catch (error) {
    throw openError(dataDir, error);
  }
}

async function load(disk: Disk, options: LevelStoreOptions): Promise<{ format: Format; loaded: Loaded }> {
  const { dataDir, log } = options;
  try {
    const acknowledged = await acknowledgedIn(options);
    const format = await migrate(disk, await loadFormat(disk, acknowledged), FORMAT_VERSION, MIGRATIONS);
    const loaded = await loadState(disk, acknowledged);
    return { format, loaded: { ...loaded, compacted: await checkHistory({ disk, log, ...loaded }) } };
  } catch (error) {
    if (error instanceof StoreOpenError) throw error;
    throw corrupt(dataDir, error);
  }
}

/** A file that cannot be read says nothing against the state: a power failure may have torn it. */
async function acknowledgedIn({ dataDir, log }: LevelStoreOptions): Promise<Acknowledged | undefined> {
  const acknowledged = await readAcknowledged(join(dataDir, STATE_FOLDER));
  if (acknowledged !== "unreadable") return acknowledged;
  log.error({ dataDir }, "the mark of acknowledged writes is damaged: a loss of the newest writes would not show");
  return undefined;
}

function openError(dataDir: string, error: unknown): StoreOpenError {
  if (error instanceof RangeError) return corrupt(dataDir, error);
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
  const advice = "move it away and run 'portolan restore FILE' with your newest backup";
  return new StoreOpenError("CORRUPT", `${dataDir} is damaged (${oneLine(cause)}): ${advice}`, { cause });
}
