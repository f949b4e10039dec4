/** The polynomial of CRC-32C, its bits reversed. `zlib.crc32` has another one. */
const POLYNOMIAL = 0x82f63b78;

/** How many bytes one step takes: a table for each makes it several times as fast as a byte a step. */
const STRIDE = 8;

const TABLES = createTables();

/** The CRC-32C of some bytes, as LevelDB's blocks carry it. */
export function crc32c(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES;
  const whole = bytes.length - (bytes.length % STRIDE);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let crc = -1;
  let at = 0;
  for (; at < whole; at += STRIDE) {
    const low = crc ^ view.getInt32(at, true);
    const high = view.getInt32(at + 4, true);
    crc =
      entry(t7, low) ^
      entry(t6, low >>> 8) ^
      entry(t5, low >>> 16) ^
      entry(t4, low >>> 24) ^
      entry(t3, high) ^
      entry(t2, high >>> 8) ^
      entry(t1, high >>> 16) ^
      entry(t0, high >>> 24);
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ entry(t0, crc ^ view.getUint8(at));
  return ~crc >>> 0;
}

/** Whether a checksum of LevelDB's is that of these bytes. It stores them turned and shifted. */
export function checksumHolds(stored: number, bytes: Uint8Array): boolean {
  const turned = (stored - 0xa282ead8) >>> 0;
  return ((turned >>> 17) | (turned << 15)) >>> 0 === crc32c(bytes);
}

type Table = Int32Array;
type Tables = readonly [Table, Table, Table, Table, Table, Table, Table, Table];

function entry(table: Table, byte: number): number {
  return table[byte & 0xff] ?? 0;
}

function createTables(): Tables {
  const first = Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    return crc;
  });
  const next = (table: Table) => table.map((crc) => (crc >>> 8) ^ entry(first, crc));
  const [second, third, fourth] = [next(first), next(next(first)), next(next(next(first)))];
  const fifth = next(fourth);
  const sixth = next(fifth);
  const seventh = next(sixth);
  return [first, second, third, fourth, fifth, sixth, seventh, next(seventh)];
}
