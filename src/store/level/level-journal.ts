import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { Logger } from "pino";
import type { ChangeSet, EntityKey } from "../../model/index.js";
import { decodeLogHead, decodeLogRecord, encodeChangeSet, encodeLogHead } from "../codec/change-codec.js";
import { encodeEntity } from "../codec/entity-codec.js";
import { encodeSession } from "../codec/session-codec.js";
import type { CompactionMark, DurableView, Journal, JournalEntry, Sealed } from "../journal.js";
import type { SessionWrite } from "../store.js";
import type { Disk, Write } from "./disk.js";
import { encodeMark } from "./format.js";
import { ALL_LOG, COMPACTION_KEY, entityRecordKey, logRecordKey, revisionOfLogKey, sessionRecordKey } from "./keys.js";

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
}

/** A journal on disk: state, sessions and log of a batch in one write with one fsync. See `keys.ts` for what lies where. */
export class LevelJournal implements Journal<LevelEntry> {
  readonly kind = "level";
  readonly #disk: Disk;
  readonly #log: Logger;
  readonly #writer = new BinaryWriter();
  readonly #suspects: Suspects = { entities: new Set(), sessions: new Set(), logKeys: new Set() };
  #mark: CompactionMark;
  /** The log up to here was dropped by this process. */
  #dropped = 0n;

  constructor(options: LevelJournalOptions) {
    this.#disk = options.disk;
    this.#log = options.log;
    this.#mark = options.mark;
  }

  seal(entry: JournalEntry): LevelEntry {
    const { changeSet, sessions } = entry;
    const writes: Write[] = [];
    const encoded = changeSet && encodeChangeSet(this.#writer, changeSet);
    changeSet?.changes.forEach(({ key }, index) => {
      writes.push({ key: entityRecordKey(key), value: encoded?.after[index] });
    });
    let bytes = encoded?.bytes.length ?? 0;
    for (const { key, value } of writes) bytes += key.length + (value?.length ?? 0);
    for (const write of sessions) bytes += 128 + ("put" in write ? write.put.fenced.length * FENCED_BYTES : 0);
    return { entry, log: encoded?.bytes, writes, bytes };
  }

  async append(batch: readonly LevelEntry[]): Promise<void> {
    const writes = batch.flatMap((sealed) => sealed.writes);
    for (const write of lastOfEach(batch)) writes.push(sessionWrite(write));
    const last = batch.findLast(({ log }) => log)?.entry.changeSet;
    if (last) writes.push({ key: logRecordKey(last.revision), value: this.#logRecord(batch, last) });
    try {
      await this.#disk.write(writes, { sync: true });
    } catch (error) {
      this.#suspect(batch, last);
      throw error;
    }
  }

  async recover(durable: DurableView): Promise<void> {
    await this.#disk.reopen();
    await this.#disk.write(this.#repair(durable), { sync: true });
    for (const suspects of Object.values(this.#suspects)) suspects.clear();
  }

  async read(from: bigint, through: bigint): Promise<Iterable<ChangeSet>> {
    const entries = await this.#disk.entries({ gte: logRecordKey(from), lt: ALL_LOG.lt }, PIECE);
    return this.#decode(entries, from, through);
  }

  async lastBefore(timeMs: number, after: bigint): Promise<CompactionMark | undefined> {
    let last: CompactionMark | undefined;
    for (;;) {
      const next = (last?.revision ?? after) + 1n;
      const entries = await this.#disk.entries({ gte: logRecordKey(next), lt: ALL_LOG.lt }, PIECE);
      for (const [key, value] of entries) {
        const committedAtMs = this.#committedAtMs(key, value);
        if (committedAtMs > timeMs) return last;
        last = { revision: revisionOfLogKey(key), committedAtMs };
      }
      if (entries.length === 0) return last;
    }
  }

  async committedAtMs(revision: bigint): Promise<number | undefined> {
    for (const changeSet of await this.read(revision, revision)) return changeSet.committedAtMs;
    return undefined;
  }

  async mark(mark: CompactionMark): Promise<void> {
    await this.#disk.write([{ key: COMPACTION_KEY, value: encodeMark(mark) }], { sync: true });
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
      await this.#disk.write(keys.map(deletion), { sync: false });
      this.#dropped = revisionOfLogKey(last);
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#disk[Symbol.asyncDispose]());
  }

  /** A record that cannot be read is as good as expired: nobody gets past it. */
  #committedAtMs(key: string, value: Uint8Array): number {
    try {
      return decodeLogHead(value);
    } catch (error) {
      this.#log.error({ err: error, key }, "a record of history cannot be read");
      return 0;
    }
  }

  #logRecord(batch: readonly LevelEntry[], last: ChangeSet): Uint8Array {
    const parts = batch.flatMap(({ log }) => log ?? []);
    return Buffer.concat([encodeLogHead(this.#writer, last.committedAtMs), ...parts]);
  }

  *#decode(entries: readonly (readonly [string, Uint8Array])[], from: bigint, through: bigint) {
    for (const [key, value] of entries) {
      try {
        for (const changeSet of decodeLogRecord(value, from)) {
          if (changeSet.revision > through) return;
          yield changeSet;
        }
      } catch (error) {
        // Readers take it for a gap and begin again from the state, which is whole.
        this.#log.error({ err: error, key }, "a record of history cannot be read");
        return;
      }
    }
  }

  #suspect(batch: readonly LevelEntry[], last: ChangeSet | undefined): void {
    for (const { entry } of batch) {
      for (const { key } of entry.changeSet?.changes ?? []) this.#suspects.entities.add(key);
      for (const write of entry.sessions) this.#suspects.sessions.add("put" in write ? write.put.id : write.delete);
    }
    if (last) this.#suspects.logKeys.add(logRecordKey(last.revision));
  }

  /** Writes what is durable over what failed writes may have left: they were refused, so they must not come back. */
  #repair(durable: DurableView): Write[] {
    const { entities, sessions, logKeys } = this.#suspects;
    const writes: Write[] = [{ key: COMPACTION_KEY, value: encodeMark(this.#mark) }];
    for (const key of entities) writes.push(this.#entityWrite(durable, key));
    for (const id of sessions) {
      const put = durable.session(id);
      writes.push(sessionWrite(put ? { put } : { delete: id }));
    }
    for (const key of logKeys) writes.push({ key, value: undefined });
    return writes;
  }

  #entityWrite(durable: DurableView, key: EntityKey): Write {
    const entity = durable.entity(key);
    return { key: entityRecordKey(key), value: entity && encodeEntity(this.#writer, entity) };
  }
}

function deletion(key: string): Write {
  return { key, value: undefined };
}

/** Of each session the last write: one that loses thousands of instances has a large record, once for each of them. */
function lastOfEach(batch: readonly LevelEntry[]): Iterable<SessionWrite> {
  const last = new Map<string, SessionWrite>();
  for (const { entry } of batch)
    for (const write of entry.sessions) last.set("put" in write ? write.put.id : write.delete, write);
  return last.values();
}

function sessionWrite(write: SessionWrite): Write {
  if ("put" in write) return { key: sessionRecordKey(write.put.id), value: encodeSession(write.put) };
  return deletion(sessionRecordKey(write.delete));
}
