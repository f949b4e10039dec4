import type { EventMoment } from "../events/event.js";

/**
 * The layout of the database. Numbers are big-endian, so that keys sort as their numbers do.
 *
 * | key | value |
 * |---|---|
 * | `M` name | what the room remembers of itself: format, next sequence, where the event log begins and ends |
 * | `U` bucket ms (8) | TelemetryUsage: bytes kept of ten seconds |
 * | `L` time ns (8) sequence (8) service hash (4) severity (1) | TelemetryLog |
 * | `C` window ms (8) sequence (8) | TelemetryCalls of a series |
 * | `R` window ms (8) sequence (8) | TelemetryCalls rolled up by consumer and service |
 * | `E` revision (8) order (8) time ms (8) | TelemetryEventBlock, by the place and time of its last event |
 * | `T` time ms (8) revision (8) order (8) | time ms (8) of the block's first event: finds blocks by time |
 */
export type Table = "M" | "U" | "L" | "C" | "R" | "E" | "T";

/** A log record's key, taken apart. */
export interface LogKey {
  readonly timeNs: bigint;
  readonly sequence: number;
  /** Of the namespace and the service: see `serviceHash`. */
  readonly service: number;
  readonly severity: number;
}

/** The key of something that the room remembers of itself. */
export function metaKey(name: "format" | "sequence" | "events" | "events-floor"): Uint8Array {
  return Buffer.from(`M${name}`, "latin1");
}

/** A key whose parts are whole numbers of eight bytes: at most 2^53 as a number, 2^64 - 1 as a bigint. */
export function numberedKey(table: Table, ...parts: readonly (number | bigint)[]): Buffer {
  const key = Buffer.allocUnsafe(1 + parts.length * 8);
  key[0] = table.charCodeAt(0);
  parts.forEach((part, index) => {
    writeWhole(key, part, 1 + index * 8);
  });
  return key;
}

/** The first key behind every key of a table. */
export function tableEnd(table: Table): Buffer {
  return Buffer.from([table.charCodeAt(0) + 1]);
}

/** A value that is one whole number of eight bytes, at most 2^53. */
export function wholeValue(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  writeWhole(bytes, value, 0);
  return bytes;
}

/** Reads what `wholeValue` wrote. */
export function parseWhole(value: Uint8Array): number {
  return readWhole(viewOf(value), 0);
}

/** The key of a log record. */
export function logKey(parts: LogKey): Buffer {
  const key = Buffer.allocUnsafe(22);
  key[0] = "L".charCodeAt(0);
  key.writeBigUInt64BE(parts.timeNs, 1);
  writeWhole(key, parts.sequence, 9);
  key.writeUInt32BE(parts.service, 17);
  key[21] = parts.severity;
  return key;
}

/** Reads a log record's key. */
export function parseLogKey(key: Uint8Array): LogKey {
  const view = viewOf(key);
  return {
    timeNs: view.getBigUint64(1),
    sequence: readWhole(view, 9),
    service: view.getUint32(17),
    severity: view.getUint8(21),
  };
}

/** The key of a block of events, by its last event (table `E`). */
export function blockKey({ place, timeMs }: EventMoment): Buffer {
  return numberedKey("E", place.revision, place.order, timeMs);
}

/** Reads the key of a block: when and where its last event stands. */
export function parseBlockKey(key: Uint8Array): EventMoment {
  const view = viewOf(key);
  return { place: { revision: view.getBigUint64(1), order: readWhole(view, 9) }, timeMs: readWhole(view, 17) };
}

/** The key of a block in the index by time (table `T`). */
export function blockIndexKey({ place, timeMs }: EventMoment): Buffer {
  return numberedKey("T", timeMs, place.revision, place.order);
}

/** Reads a key of the index by time: when and where the last event of a block stands. */
export function parseBlockIndexKey(key: Uint8Array): EventMoment {
  const view = viewOf(key);
  return { timeMs: readWhole(view, 1), place: { revision: view.getBigUint64(9), order: readWhole(view, 17) } };
}

/** The whole number in a key's first part. */
export function parseFirst(key: Uint8Array): number {
  return readWhole(viewOf(key), 1);
}

/** A 32-bit FNV-1a hash of a service's name, so that a scan passes over other services' logs without decoding them. */
export function serviceHash(namespace: string, service: string): number {
  let hash = 0x811c9dc5;
  for (const text of [namespace, "/", service]) {
    for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

function viewOf(key: Uint8Array): DataView {
  return new DataView(key.buffer, key.byteOffset, key.byteLength);
}

/** Two halves, because a bigint for every key would cost more than the rest of it. */
function writeWhole(key: Buffer, value: number | bigint, offset: number): void {
  if (typeof value === "bigint") {
    key.writeBigUInt64BE(value, offset);
    return;
  }
  key.writeUInt32BE(Math.floor(value / 2 ** 32), offset);
  key.writeUInt32BE(value % 2 ** 32, offset + 4);
}

function readWhole(view: DataView, offset: number): number {
  return view.getUint32(offset) * 2 ** 32 + view.getUint32(offset + 4);
}
