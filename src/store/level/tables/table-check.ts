import { checksumHolds } from "./crc32c.js";
import { readVarint, unsnappy } from "./snappy.js";

/** Where a block lies in its table, its trailer not counted. */
interface Handle {
  readonly offset: number;
  readonly size: number;
}

/** After each block: how it is compressed (1 byte), and its checksum. */
const TRAILER_BYTES = 5;
const FOOTER_BYTES = 48;
/** The last eight bytes of every table. */
const MAGIC = Buffer.from("57fb808b247547db", "hex");
const SNAPPY = 1;

/**
 * Checks every block of a LevelDB table against the checksum that follows it.
 *
 * Why here: LevelDB as we have it does not check them, and ends the process over a block that is damaged in the wrong
 * place. The blocks of a table lie one after the other, so what is checked is all of the file.
 *
 * @throws RangeError when the bytes are not a whole table.
 * @see https://github.com/google/leveldb/blob/main/doc/table_format.md
 */
export function checkTable(table: Uint8Array): void {
  const footer = table.subarray(Math.max(0, table.length - FOOTER_BYTES));
  if (footer.length < FOOTER_BYTES || Buffer.compare(footer.subarray(-MAGIC.length), MAGIC) !== 0)
    throw new RangeError("it has no footer");
  const metaindex = readHandle(footer, 0);
  const index = readHandle(footer, metaindex.end);
  let end = 0;
  for (const handle of readIndex(contentOf(table, index.handle))) {
    if (handle.offset !== end) throw new RangeError("its blocks do not follow each other");
    end = checkBlock(table, handle);
  }
  // The filter lies between the data and the metaindex, if there is one.
  if (end < metaindex.handle.offset)
    end = checkBlock(table, { offset: end, size: metaindex.handle.offset - end - TRAILER_BYTES });
  if (end !== metaindex.handle.offset || checkBlock(table, metaindex.handle) !== index.handle.offset)
    throw new RangeError("its blocks do not follow each other");
  if (index.handle.offset + index.handle.size + TRAILER_BYTES + FOOTER_BYTES !== table.length)
    throw new RangeError("its blocks do not fill it");
}

/** Answers where the next block begins. */
function checkBlock(table: Uint8Array, { offset, size }: Handle): number {
  const end = offset + size + TRAILER_BYTES;
  if (size < 0 || end > table.length) throw new RangeError("a block runs over its end");
  const view = new DataView(table.buffer, table.byteOffset + offset, size + TRAILER_BYTES);
  if (!checksumHolds(view.getUint32(size + 1, true), table.subarray(offset, offset + size + 1)))
    throw new RangeError("the checksum of a block is wrong");
  return end;
}

function contentOf(table: Uint8Array, handle: Handle): Uint8Array {
  checkBlock(table, handle);
  const content = table.subarray(handle.offset, handle.offset + handle.size);
  return table[handle.offset + handle.size] === SNAPPY ? unsnappy(content) : content;
}

/** The blocks that an index names. Its entries: shared, own and value length, own part of the key, value; then the restarts. */
function* readIndex(block: Uint8Array): Generator<Handle> {
  if (block.length < 4) throw new RangeError("its index is empty");
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const restarts = view.getUint32(block.length - 4, true);
  const end = block.length - 4 * (restarts + 1);
  let at = 0;
  while (at < end) {
    const shared = readVarint(block, at);
    const own = readVarint(block, shared.end);
    const value = readVarint(block, own.end);
    yield readHandle(block, value.end + own.value).handle;
    at = value.end + own.value + value.value;
  }
}

function readHandle(bytes: Uint8Array, at: number): { readonly handle: Handle; readonly end: number } {
  const offset = readVarint(bytes, at);
  const size = readVarint(bytes, offset.end);
  return { handle: { offset: offset.value, size: size.value }, end: size.end };
}
