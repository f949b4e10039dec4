import { BinaryReader, type BinaryWriter } from "@bufbuild/protobuf/wire";
import type { Change, ChangeSet, Entity, EntityKey } from "../../model/index.js";
import { causeOf } from "./codes.js";
import { encodeEntity, readEntity, writeEntity } from "./entity-codec.js";
import {
  type Mutable,
  readEnd,
  readFields,
  readNumber,
  writeEncoded,
  writeInt64,
  writeMessage,
  writeString,
} from "./wire.js";

/** Fields of LogRecord. */
const CHANGE_SETS = 1;
const COMMITTED_AT_MS = 2;

/** A change set in the form in which the log holds it, and its entities in the form in which the state does. */
export interface EncodedChangeSet {
  /** The field `change_sets` of a LogRecord, tag and length included: fields of one record only have to be joined. */
  readonly bytes: Uint8Array;
  /** What stands after each change, in their order; undefined where it was removed. */
  readonly after: readonly (Uint8Array | undefined)[];
}

/** Encodes a change set; each new entity once. `writer` must be empty, and is so again. */
export function encodeChangeSet(writer: BinaryWriter, changeSet: ChangeSet): EncodedChangeSet {
  const after = changeSet.changes.map((change) => (change.after ? encodeEntity(writer, change.after) : undefined));
  writeMessage(writer, CHANGE_SETS, () => {
    writeInt64(writer, 1, changeSet.revision);
    writeInt64(writer, 2, changeSet.committedAtMs);
    writeString(writer, 3, changeSet.actor);
    writeString(writer, 4, changeSet.cause);
    changeSet.changes.forEach((change, index) => {
      writeMessage(writer, 5, () => writeChange(writer, change, after[index]));
    });
  });
  return { bytes: writer.finish(), after };
}

/** The head of a LogRecord whose last change set was committed then: its change sets follow. */
export function encodeLogHead(writer: BinaryWriter, committedAtMs: number): Uint8Array {
  writer.tag(COMMITTED_AT_MS, 0).int64(committedAtMs); // also when it is 0: the head is always there
  return writer.finish();
}

/** What a LogRecord says of itself in its first bytes. */
export interface LogSpan {
  /** The first of its revisions. */
  readonly first: bigint;
  /** When its last change set was committed. */
  readonly committedAtMs: number;
}

/** The span of a LogRecord. Reads only its beginning. @throws Error when it is none. */
export function decodeLogSpan(bytes: Uint8Array): LogSpan {
  const from = new BinaryReader(bytes);
  const [head] = from.tag();
  if (head !== COMMITTED_AT_MS) throw new RangeError("a log record without a head");
  const committedAtMs = readNumber(from);
  const [body] = from.tag();
  if (body !== CHANGE_SETS) throw new RangeError("a log record without change sets");
  readEnd(from);
  return { first: peekRevision(from), committedAtMs };
}

/** The change sets of a LogRecord from revision `first` on, decoded as they are taken. @throws Error when it is none. */
export function* decodeLogRecord(bytes: Uint8Array, first: bigint): Generator<ChangeSet, void, undefined> {
  const from = new BinaryReader(bytes);
  while (from.pos < from.len) {
    const [field, type] = from.tag();
    if (field !== CHANGE_SETS) from.skip(type, field);
    else {
      const end = readEnd(from);
      if (peekRevision(from) < first) from.pos = end;
      else yield readChangeSet(from, end);
    }
  }
}

function writeChange(to: BinaryWriter, change: Change, after: Uint8Array | undefined): void {
  const { before } = change;
  writeString(to, 1, change.key);
  if (before) writeMessage(to, 2, () => writeEntity(to, before));
  if (after) writeEncoded(to, 3, after);
}

/** The revision of the change set that begins here: its first field. Reads nothing away. */
function peekRevision(from: BinaryReader): bigint {
  const start = from.pos;
  const [field] = from.tag();
  if (field !== 1) throw new RangeError("a change set without a revision");
  const revision = BigInt(from.int64());
  from.pos = start;
  return revision;
}

function readChangeSet(from: BinaryReader, end: number): ChangeSet {
  const changes: Change[] = [];
  const changeSet: Mutable<ChangeSet> = { revision: 0n, committedAtMs: 0, actor: "", cause: "update", changes };
  readFields(from, end, (field) => {
    if (field === 1) changeSet.revision = BigInt(from.int64());
    else if (field === 2) changeSet.committedAtMs = readNumber(from);
    else if (field === 3) changeSet.actor = from.string();
    else if (field === 4) changeSet.cause = causeOf(from.string());
    else if (field === 5) changes.push(readChange(from));
    else return false;
    return true;
  });
  return changeSet;
}

function readChange(from: BinaryReader): Change {
  let key = "";
  let before: Entity | undefined;
  let after: Entity | undefined;
  readFields(from, readEnd(from), (field) => {
    if (field === 1) key = from.string();
    else if (field === 2) before = readEntity(from, readEnd(from));
    else if (field === 3) after = readEntity(from, readEnd(from));
    else return false;
    return true;
  });
  return { key: entityKeyOf(key), ...(before && { before }), ...(after && { after }) };
}

function entityKeyOf(key: string): EntityKey {
  if (key.startsWith("service/") || key.startsWith("instance/")) return key as EntityKey;
  throw new RangeError("a change of an unknown kind of key");
}
