import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { Logger } from "pino";
import type { ChangeSet, EntityKey } from "../../model/index.js";
import { decodeLogRecord, encodeChangeSet, encodeLogHead } from "../codec/change-codec.js";
import { checksumOf, unsealRecord } from "../codec/checksum.js";
import { encodeEntity } from "../codec/entity-codec.js";
import { encodeTally } from "../codec/tally-codec.js";
import type { CompactionMark, DurableView, Journal, JournalEntry, Sealed } from "../journal.js";
import type { AcknowledgedFile } from "./acknowledged.js";
import { type Disk, deleting, type Entry, piecesOf, putting, type Write } from "./disk.js";
import { encodeMark } from "./format.js";
import { ALL_LOG, COMPACTION_KEY, entityRecordKey, logRecordKey, revisionOfLogKey, TALLY_KEY } from "./keys.js";
import { type CheckedSpan, checkLogEntry } from "./log-records.js";
import { lastSessionWrites, sessionIdOf, sessionWrite } from "./session-writes.js";
import { advanceTally, type SessionChecksums, type Tally } from "./tally.js";

/** How many log records one read brings, and one drop takes. */
const PIECE = 500;
/** What a name in a session's record takes while it waits: the record itself is encoded once a batch. */
const FENCED_BYTES = 8;

/** A commit as it is written. */
export interface LevelEntry extends Sealed {
  readonly entry: JournalEntry;
  /** Its part of the batch's log record. */
  readonly log: Uint8Array | undefined;
  /** Its entities. */
  readonly writes: readonly Write[];
}

/** What a failed write may have left behind. */
interface Suspects {
  readonly entities: Set<EntityKey>;
  readonly sessions: Set<string>;
  readonly logKeys: Set<string>;
}

/** Options of a journal on LevelDB. */
export interface LevelJournalOptions {
  readonly disk: Disk;
  readonly log: Logger;
  /** How far history was forgotten. */
  readonly mark: CompactionMark;
  /** What the state on the disk comes to. */
  readonly tally: Tally;
  readonly sessionChecksums: SessionChecksums;
  /** Is told of every batch that is on the disk. The journal closes it. */
  readonly acknowledged: Pick<AcknowledgedFile, "advance" | typeof Symbol.asyncDispose>;
}

/** A journal on disk: state, sessions and log of a batch in one write with one fsync. See `keys.ts` for what lies where. */
export class LevelJournal implements Journal<LevelEntry> {
  readonly kind = "level";
  readonly #disk: Disk;
  readonly #log: Logger;
  readonly #writer = new BinaryWriter();
  readonly #suspects: Suspects = { entities: new Set(), sessions: new Set(), logKeys: new Set() };
  readonly #acknowledged: LevelJournalOptions["acknowledged"];
  readonly #sessionChecksums: Map<string, number>;
  #mark: CompactionMark;
  /** What is on the disk. */
  #tally: Tally;
  /** The newest batch that was tried: numbers of batches that failed do not come again. */
  #batch: bigint;
  /** The log up to here was dropped by this process. */
  #dropped = 0n;

  constructor(options: LevelJournalOptions) {
    this.#disk = options.disk;
    this.#log = options.log;
    this.#mark = options.mark;
    this.#tally = options.tally;
    this.#batch = options.tally.batch;
    this.#sessionChecksums = new Map(options.sessionChecksums);
    this.#acknowledged = options.acknowledged;
  }

  seal(entry: JournalEntry): LevelEntry {
    const { changeSet, sessions } = entry;
    const writes: Write[] = [];
    const encoded = changeSet && encodeChangeSet(this.#writer, changeSet);
    changeSet?.changes.forEach(({ key }, index) => {
      writes.push(entityWrite(key, encoded?.after[index]));
    });
    let bytes = encoded?.bytes.length ?? 0;
    for (const { key, value } of writes) bytes += key.length + (value?.length ?? 0);
    for (const write of sessions) bytes += 128 + ("put" in write ? write.put.fenced.length * FENCED_BYTES : 0);
    return { entry, log: encoded?.bytes, writes, bytes };
  }

  async append(batch: readonly LevelEntry[]): Promise<void> {
    const sessions = lastSessionWrites(batch.map(({ entry }) => entry));
    const changeSets = batch.flatMap(({ entry }) => entry.changeSet ?? []);
    const tally = advanceTally(this.#tally, this.#sessionChecksums, { batch: ++this.#batch, changeSets, sessions });
    const writes = [...batch.flatMap((sealed) => sealed.writes), ...sessions, tallyWrite(tally)];
    const last = changeSets.at(-1);
    if (last) writes.push(putting(logRecordKey(last.revision), this.#logRecord(batch, last)));
    try {
      await this.#disk.write(writes, { sync: true });
    } catch (error) {
      this.#suspect(batch, last);
      throw error;
    }
    this.#counted(tally, sessions);
  }

  async recover(durable: DurableView): Promise<void> {
    await this.#disk.reopen();
    const tally = { ...this.#tally, batch: ++this.#batch };
    await this.#disk.write([...this.#repair(durable), tallyWrite(tally)], { sync: true });
    this.#counted(tally, []);
    for (const suspects of Object.values(this.#suspects)) suspects.clear();
  }

  async read(from: bigint, through: bigint): Promise<Iterable<ChangeSet>> {
    const entries = await this.#disk.entries({ gte: logRecordKey(from), lt: ALL_LOG.lt }, PIECE);
    return this.#decode(entries, from, through);
  }

  async lastBefore(timeMs: number, after: bigint): Promise<CompactionMark | undefined> {
    let last: CompactionMark | undefined;
    for await (const piece of piecesOf(this.#disk, { ...ALL_LOG, gte: logRecordKey(after + 1n) })) {
      for (const entry of piece) {
        const span = this.#check(entry);
        if (span && span.committedAtMs > timeMs) return last;
        if (span) last = { revision: span.last, committedAtMs: span.committedAtMs };
      }
    }
    return last;
  }

  async committedAtMs(revision: bigint): Promise<number | undefined> {
    for (const changeSet of await this.read(revision, revision)) return changeSet.committedAtMs;
    return undefined;
  }

  async mark(mark: CompactionMark): Promise<void> {
    await this.#disk.write([putting(COMPACTION_KEY, encodeMark(mark))], { sync: true });
    this.#mark = mark;
  }

  async nextDrop(revision: bigint): Promise<(() => Promise<void>) | undefined> {
    if (this.#dropped >= revision) return undefined;
    const range = { gte: logRecordKey(this.#dropped + 1n), lt: logRecordKey(revision + 1n) };
    const keys = await this.#disk.keys(range, PIECE);
    const last = keys.at(-1);
    if (last === undefined) return undefined;
    return async () => {
      // Without sync: what a crash brings back lies below the mark, and is dropped another time.
      await this.#disk.write(keys.map(deleting), { sync: false });
      this.#dropped = revisionOfLogKey(last);
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#acknowledged[Symbol.asyncDispose]();
    await this.#disk[Symbol.asyncDispose]();
  }

  /** Takes what is on the disk now for what the next batch begins with. */
  #counted(tally: Tally, sessions: readonly Write[]): void {
    this.#tally = tally;
    for (const { key, value } of sessions) {
      if (value) this.#sessionChecksums.set(key, checksumOf(value));
      else this.#sessionChecksums.delete(key);
    }
    this.#acknowledged.advance(tally);
  }

  /** A record that cannot be read is as good as expired: nobody gets past it. */
  #check(entry: Entry): CheckedSpan | undefined {
    try {
      return checkLogEntry(entry);
    } catch (error) {
      this.#log.error({ err: error, key: entry[0] }, "a record of history cannot be read");
      return undefined;
    }
  }

  #logRecord(batch: readonly LevelEntry[], last: ChangeSet): Uint8Array {
    const parts = batch.flatMap(({ log }) => log ?? []);
    return Buffer.concat([encodeLogHead(this.#writer, last.committedAtMs), ...parts]);
  }

  *#decode(entries: readonly Entry[], from: bigint, through: bigint) {
    for (const [key, value] of entries) {
      try {
        for (const changeSet of decodeLogRecord(unsealRecord(key, value), from)) {
          if (changeSet.revision > through) return;
          yield changeSet;
        }
      } catch (error) {
        // Readers take it for a gap and begin again from the state, which is whole.
        this.#log.error({ err: error, key }, "a record of history cannot be read");
      }
    }
  }

  #suspect(batch: readonly LevelEntry[], last: ChangeSet | undefined): void {
    for (const { entry } of batch) {
      for (const { key } of entry.changeSet?.changes ?? []) this.#suspects.entities.add(key);
      for (const write of entry.sessions) this.#suspects.sessions.add(sessionIdOf(write));
    }
    if (last) this.#suspects.logKeys.add(logRecordKey(last.revision));
  }

  /** Writes what is durable over what failed writes may have left: they were refused, so they must not come back. */
  #repair(durable: DurableView): Write[] {
    const { entities, sessions, logKeys } = this.#suspects;
    const writes: Write[] = [putting(COMPACTION_KEY, encodeMark(this.#mark))];
    for (const key of entities) writes.push(this.#entityWrite(durable, key));
    for (const id of sessions) {
      const put = durable.session(id);
      writes.push(sessionWrite(put ? { put } : { delete: id }));
    }
    for (const key of logKeys) writes.push(deleting(key));
    return writes;
  }

  #entityWrite(durable: DurableView, key: EntityKey): Write {
    const entity = durable.entity(key);
    return entityWrite(key, entity && encodeEntity(this.#writer, entity));
  }
}

function entityWrite(key: EntityKey, message: Uint8Array | undefined): Write {
  return message ? putting(entityRecordKey(key), message) : deleting(entityRecordKey(key));
}

function tallyWrite(tally: Tally): Write {
  return putting(TALLY_KEY, encodeTally(tally));
}
