import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { BackupHeader } from "../../../gen/portolan/store/v1/store_pb.js";
import { keyOf } from "../../model/index.js";
import { type BackupVisitor, readBackup } from "../backup/read-backup.js";
import { checksumOf } from "../codec/checksum.js";
import { encodeEntity } from "../codec/entity-codec.js";
import { encodeSession } from "../codec/session-codec.js";
import { encodeTally } from "../codec/tally-codec.js";
import { oneLine, StoreOpenError } from "../store-open-error.js";
import { writeAcknowledged } from "./acknowledged.js";
import { type Disk, putting, type Write } from "./disk.js";
import { encodeFormat, encodeMark, newFormat } from "./format.js";
import { COMPACTION_KEY, entityRecordKey, FORMAT_KEY, sessionRecordKey, TALLY_KEY } from "./keys.js";
import { LevelDisk } from "./level-disk.js";
import { STATE_FOLDER } from "./open-level-store.js";
import { syncDirectory } from "./sync-directory.js";
import { TallyCount, type TallyHead } from "./tally.js";

/** How many records one write takes. */
const PIECE = 2_000;
/** A restore counts as one batch, however many writes it takes. */
const BATCH = 1n;

/** Options of a restore. */
export interface RestoreOptions {
  /** The chunks of the backup file, in any size. */
  readonly input: AsyncIterable<Uint8Array>;
  /** Where the store is to lie: an empty directory or none. */
  readonly dataDir: string;
  /**
   * Added to the backup's revision, default 0n. Give more than the lost store can have committed after the backup: then
   * every watch that saw those revisions begins again, however far the new store has come when it returns.
   */
  readonly revisionBump?: bigint;
}

/** What was restored. */
export interface Restored {
  /** The store goes on after this revision; it has no history before it. */
  readonly revision: bigint;
  readonly services: number;
  readonly instances: number;
  readonly sessions: number;
}

/**
 * Makes a store from a backup. It appears whole and checked, or not at all; the store id stays, the secret is new.
 *
 * @throws StoreOpenError NOT_EMPTY, DAMAGED_BACKUP, NEWER_FORMAT, IO; nothing is left behind then.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { dataDir } = options;
  const made = await claim(dataDir);
  // Within the directory: it may be a mount point, over which nothing can be renamed.
  const workDir = await mkdtemp(join(dataDir, "restoring-"));
  try {
    const restored = await build(options, join(workDir, STATE_FOLDER));
    await rename(join(workDir, STATE_FOLDER), join(dataDir, STATE_FOLDER));
    await rm(workDir, { recursive: true });
    await syncDirectory(dataDir);
    await syncDirectory(dirname(resolve(dataDir)));
    return restored;
  } catch (error) {
    await rm(made ?? workDir, { recursive: true, force: true });
    throw restoreError(error);
  }
}

/** Makes sure that the directory is there and empty; answers the outermost directory that had to be made. */
async function claim(dataDir: string): Promise<string | undefined> {
  try {
    const made = await mkdir(dataDir, { recursive: true });
    const [found] = await readdir(dataDir);
    if (found === undefined) return made;
    const message = `${dataDir} is not empty (${found} is there): restore into an empty or new directory`;
    throw new StoreOpenError("NOT_EMPTY", message);
  } catch (error) {
    throw restoreError(error);
  }
}

async function build(options: RestoreOptions, location: string): Promise<Restored> {
  await using disk = await LevelDisk.open(location);
  const builder = new Builder(disk, options.revisionBump ?? 0n);
  await readBackup(options.input, builder);
  const restored = await builder.finish(); // before the disk is closed
  const mark = await writeAcknowledged(location, { batch: BATCH, revision: restored.revision });
  await mark.close();
  return restored;
}

function restoreError(error: unknown): StoreOpenError {
  if (error instanceof StoreOpenError) return error;
  if (isOfMachine(error))
    return new StoreOpenError("IO", `the backup cannot be restored: ${oneLine(error)}`, { cause: error });
  const message = `the backup cannot be restored, the file is damaged: ${oneLine(error)}`;
  return new StoreOpenError("DAMAGED_BACKUP", message, { cause: error });
}

/** True for the codes of the operating system and of LevelDB; what decoders throw has others or none. */
function isOfMachine(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^(E[A-Z0-9]+|LEVEL_.*)$/.test(code);
}

/** Writes the records of a backup into an empty disk. */
class Builder implements BackupVisitor {
  readonly #disk: Disk;
  readonly #bump: bigint;
  readonly #writer = new BinaryWriter();
  #writes: Write[] = [];
  readonly #count = new TallyCount();
  #head: TallyHead = { revision: 0n, committedAtMs: 0, batch: BATCH };

  constructor(disk: Disk, bump: bigint) {
    this.#disk = disk;
    this.#bump = bump;
  }

  async header(header: BackupHeader): Promise<void> {
    const mark = { revision: header.revision + this.#bump, committedAtMs: Number(header.committedAtMs) };
    this.#head = { ...mark, batch: BATCH };
    const format = { ...newFormat({ storeId: header.storeId }), version: header.formatVersion };
    await this.#put(putting(FORMAT_KEY, encodeFormat(format)));
    await this.#put(putting(COMPACTION_KEY, encodeMark(mark)));
  }

  async entity(entity: Parameters<BackupVisitor["entity"]>[0]): Promise<void> {
    this.#count.entity(entity);
    await this.#put(putting(entityRecordKey(keyOf(entity)), encodeEntity(this.#writer, entity)));
  }

  async session(session: Parameters<BackupVisitor["session"]>[0]): Promise<void> {
    const write = putting(sessionRecordKey(session.id), encodeSession(session));
    this.#count.session(checksumOf(write.value));
    await this.#put(write);
  }

  async finish(): Promise<Restored> {
    const tally = this.#count.tally(this.#head);
    this.#writes.push(putting(TALLY_KEY, encodeTally(tally)));
    await this.#disk.write(this.#writes, { sync: true });
    const { revision, services, instances, sessions } = tally;
    return { revision, services, instances, sessions };
  }

  async #put(write: Write): Promise<void> {
    this.#writes.push(write);
    if (this.#writes.length < PIECE) return;
    const writes = this.#writes;
    this.#writes = [];
    await this.#disk.write(writes, { sync: false });
  }
}
