import { checksumHolds } from "./crc32c.js";
import { readVarint } from "./snappy.js";

/** LevelDB's logs are read in blocks of this size; no record's piece spans two. */
const BLOCK_BYTES = 32 * 1024;
/** Before each piece: its checksum, its length, its type. */
const HEADER_BYTES = 7;
const PIECE = { whole: 1, first: 2, middle: 3, last: 4 } as const;

/** What an edit can say of a database; the numbers are LevelDB's. */
const EDIT = {
  comparator: 1,
  logNumber: 2,
  nextFile: 3,
  lastSequence: 4,
  pointer: 5,
  deleted: 6,
  added: 7,
  previousLog: 9,
};

/**
 * The numbers of the tables that a MANIFEST counts in. As much of it is read as is whole: LevelDB does the same, or says
 * that it is damaged.
 *
 * @throws RangeError when it says something that LevelDB does not.
 * @see https://github.com/google/leveldb/blob/main/doc/impl.md
 */
export function liveTables(manifest: Uint8Array): ReadonlySet<number> {
  const live = new Set<number>();
  for (const record of recordsOf(manifest)) {
    const edit = new Edit(record);
    while (!edit.atEnd) applyNext(edit, live);
  }
  return live;
}

function applyNext(edit: Edit, live: Set<number>): void {
  const tag = edit.number();
  if (tag === EDIT.comparator) edit.skipBytes();
  else if (tag === EDIT.pointer) {
    edit.number();
    edit.skipBytes();
  } else if (tag === EDIT.deleted) {
    edit.number();
    live.delete(edit.number());
  } else if (tag === EDIT.added) {
    edit.number();
    live.add(edit.number());
    edit.number();
    edit.skipBytes();
    edit.skipBytes();
  } else if (tag === EDIT.logNumber || tag === EDIT.nextFile || tag === EDIT.lastSequence || tag === EDIT.previousLog)
    edit.number();
  else throw new RangeError(`its MANIFEST has an entry of the unknown kind ${tag}`);
}

/** Numbers and strings, one after the other. */
class Edit {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  number(): number {
    const { value, end } = readVarint(this.#bytes, this.#at);
    this.#at = end;
    return value;
  }

  skipBytes(): void {
    const length = this.number();
    this.#at += length;
  }
}

/** The records of a log of LevelDB's, up to its end or to the first one that is not whole. */
function* recordsOf(log: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(log.buffer, log.byteOffset, log.length);
  let pieces: Uint8Array[] = [];
  for (let at = 0; at + HEADER_BYTES <= log.length; ) {
    const left = BLOCK_BYTES - (at % BLOCK_BYTES);
    if (left < HEADER_BYTES) {
      at += left;
      continue;
    }
    const end = at + HEADER_BYTES + view.getUint16(at + 4, true);
    const type = view.getUint8(at + 6);
    if (end > log.length || !checksumHolds(view.getUint32(at, true), log.subarray(at + 6, end))) return;
    if (type === PIECE.whole || type === PIECE.first) pieces = [];
    pieces.push(log.subarray(at + HEADER_BYTES, end));
    if (type === PIECE.whole || type === PIECE.last) yield Buffer.concat(pieces);
    at = end;
  }
}
