import type { Operation } from "../disk/database.js";
import type { DiskBatch } from "../disk/disk.js";
import { blockIndexKey, blockKey, wholeValue } from "../disk/keys.js";
import { writeEvent } from "./block-codec.js";
import type { Event, EventMoment } from "./event.js";
import { FieldWriter } from "./field-writer.js";

/** The events of a block lie in one such stretch of time, in milliseconds; retention's stretches are made of whole ones. */
export const BLOCK_MS = 1_000;
/** The most events of a block. */
export const BLOCK_EVENTS = 500;
/** A block ends with the event that makes it so long, in bytes. */
export const BLOCK_BYTES = 64 * 1024;

/** Events at rest: some that follow each other in the log, none earlier in time than the one before it. */
export interface EventBlock {
  /** Of its last event, which is its newest. */
  readonly last: EventMoment;
  /** When its first event was, which is its oldest; milliseconds since the epoch. */
  readonly firstMs: number;
  /** A TelemetryEventBlock. */
  readonly value: Uint8Array;
}

/**
 * Cuts events into blocks: a new one begins where time goes back, where a new second begins, and where one would get too big.
 *
 * Times are kept in whole milliseconds from 1970 on.
 */
export function blocksOf(events: readonly Event[]): EventBlock[] {
  const blocks: EventBlock[] = [];
  const builder = new BlockBuilder();
  for (const event of events) {
    const timeMs = Math.max(0, Math.floor(event.timeMs));
    if (!builder.takes(timeMs)) blocks.push(builder.finish());
    builder.add(event, timeMs);
  }
  if (events.length > 0) blocks.push(builder.finish());
  return blocks;
}

/** What puts a block and its index entry on the database. */
export function blockPut({ last, firstMs, value }: EventBlock): DiskBatch {
  const [key, index, first] = [blockKey(last), blockIndexKey(last), wholeValue(firstMs)];
  const operations: Operation[] = [
    { type: "put", key, value },
    { type: "put", key: index, value: first },
  ];
  const bytes = key.length + value.length + index.length + first.length;
  return { operations, growth: [{ kind: "events", timeMs: last.timeMs, bytes }] };
}

/** What takes a block off the database that has `valueBytes` bytes, with its index entry. */
export function blockDelete(last: EventMoment, valueBytes: number): DiskBatch {
  const [key, index] = [blockKey(last), blockIndexKey(last)];
  const operations: Operation[] = [
    { type: "del", key },
    { type: "del", key: index },
  ];
  const bytes = key.length + valueBytes + index.length + wholeValue(0).length;
  return { operations, growth: [{ kind: "events", timeMs: last.timeMs, bytes: -bytes }] };
}

/** One for all blocks: building one is never interrupted. */
const writer = new FieldWriter();

/** The block under construction. */
class BlockBuilder {
  #last: EventMoment | undefined;
  #firstMs = 0;
  #events = 0;

  constructor() {
    writer.clear();
  }

  /** Whether an event of that time may still come into it; one into an empty block always may. */
  takes(timeMs: number): boolean {
    if (!this.#last) return true;
    return (
      timeMs >= this.#last.timeMs &&
      Math.floor(timeMs / BLOCK_MS) === Math.floor(this.#firstMs / BLOCK_MS) &&
      this.#events < BLOCK_EVENTS &&
      writer.length < BLOCK_BYTES
    );
  }

  add(event: Event, timeMs: number): void {
    if (!this.#last) this.#firstMs = timeMs;
    this.#last = { timeMs, place: event.place };
    this.#events++;
    writeEvent(writer, event, timeMs);
  }

  finish(): EventBlock {
    if (!this.#last) throw new RangeError("a block without an event");
    const block = { last: this.#last, firstMs: this.#firstMs, value: writer.finish() };
    this.#last = undefined;
    this.#events = 0;
    return block;
  }
}
