import { create, fromBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { TelemetryEventBlockSchema } from "../../gen/portolan/store/v1/telemetry_pb.js";
import { BUCKET_MS } from "../../src/telemetry/disk/usage.js";
import { BLOCK_BYTES, BLOCK_EVENTS, BLOCK_MS, blocksOf, type EventBlock } from "../../src/telemetry/events/block.js";
import { decodeBlock } from "../../src/telemetry/events/block-codec.js";
import type { Event } from "../../src/telemetry/index.js";
import { anEvent, anyEvents, registrations } from "./support/event-log.js";
import { NOW_MS } from "./support/start.js";

const eventsIn = (blocks: readonly EventBlock[]) => blocks.map(({ last, value }) => decodeBlock(last, value));

/** Texts of every length that takes another way, and of every width of UTF-8. */
const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc
    .tuple(fc.constantFrom("x", "é", "€", "🧭"), fc.constantFrom(42, 63, 127, 128, 5_500, 17_000))
    .map(([c, n]) => c.repeat(n)),
);

const anyEvent: fc.Arbitrary<Event> = fc.record({
  place: fc.record({ revision: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), order: fc.maxSafeNat() }),
  revision: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  timeMs: fc.maxSafeNat(),
  type: text,
  actor: text,
  namespace: text,
  service: text,
  instanceId: text,
  message: text,
  attributes: fc.dictionary(
    text.filter((key) => key !== "__proto__"),
    text,
    { maxKeys: 5, noNullPrototype: true },
  ),
});

test("the generated schema reads a block field by field as it was written", () =>
  fc.assert(
    fc.property(anyEvent, (event) => {
      const [block] = blocksOf([event]);
      const { place, timeMs, ...fields } = event;
      const record = {
        ...fields,
        timeMs: BigInt(timeMs),
        placeRevision: place.revision,
        placeOrder: BigInt(place.order),
      };
      const expected = create(TelemetryEventBlockSchema, { events: [record] });
      expect(fromBinary(TelemetryEventBlockSchema, block?.value ?? new Uint8Array())).toEqual(expected);
      expect(eventsIn(block ? [block] : [])).toEqual([[event]]);
    }),
  ));

test("text that UTF-8 cannot hold is kept readable", () => {
  const [block] = blocksOf([anEvent({ message: "a\ud800b" })]);
  expect(fromBinary(TelemetryEventBlockSchema, block?.value ?? new Uint8Array()).events[0]?.message).toBe("a\ufffdb");
});

test("events are cut into blocks without a change, and each block is in order, within a second and at its last event", () =>
  fc.assert(
    fc.property(anyEvents, (events) => {
      const blocks = blocksOf(events);
      const read = eventsIn(blocks);
      expect(read.flat()).toEqual(events);
      for (const [index, { last, firstMs }] of blocks.entries()) {
        const times = (read[index] ?? []).map(({ timeMs }) => timeMs);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(times.at(0)).toBe(firstMs);
        expect(times.at(-1)).toBe(last.timeMs);
        expect(Math.floor(firstMs / BLOCK_MS)).toBe(Math.floor(last.timeMs / BLOCK_MS));
      }
    }),
  ));

test("a block ends only where the clock went back, where a second ends, or where it is full", () => {
  const at = (...times: number[]) =>
    eventsIn(blocksOf(times.map((ms) => anEvent({ timeMs: NOW_MS + ms })))).map((block) =>
      block.map(({ timeMs }) => timeMs - NOW_MS),
    );
  expect(at(0, 0, 5, 999)).toEqual([[0, 0, 5, 999]]);
  expect(at(5, 4, 4, 6)).toEqual([[5], [4, 4, 6]]);
  expect(at(998, 999, 1_000, 1_001)).toEqual([
    [998, 999],
    [1_000, 1_001],
  ]);
  expect(BUCKET_MS % BLOCK_MS).toBe(0);
});

test("a block has a bounded number of events, and of bytes but for its last event", () => {
  const lengths = (events: readonly Event[]) => eventsIn(blocksOf(events)).map(({ length }) => length);
  const small = anEvent({ message: "", attributes: {} });
  expect(lengths(Array.from({ length: 1_200 }, () => small))).toEqual([BLOCK_EVENTS, BLOCK_EVENTS, 200]);
  const quarter = anEvent({ message: "x".repeat(BLOCK_BYTES / 4) });
  expect(lengths(Array.from({ length: 9 }, () => quarter))).toEqual([4, 4, 1]);
  const huge = anEvent({ message: "x".repeat(BLOCK_BYTES * 3) });
  expect(lengths([small, huge, small, small])).toEqual([2, 2]);
});

test("times are kept in whole milliseconds, none before 1970", () => {
  const events = [-5.5, 0.75, 3.25].map((timeMs) => anEvent({ timeMs }));
  expect(
    eventsIn(blocksOf(events))
      .flat()
      .map(({ timeMs }) => timeMs),
  ).toEqual([0, 0, 3]);
});

test("bytes that are no block, or not the one that the key names, are refused", () => {
  const [block] = blocksOf(registrations(3));
  const { last, value } = block ?? { last: { timeMs: 0, place: { revision: 0n, order: 0 } }, value: new Uint8Array() };
  expect(decodeBlock(last, value)).toHaveLength(3);
  expect(() => decodeBlock(last, value.subarray(0, value.length - 1))).toThrow();
  expect(() => decodeBlock(last, new Uint8Array())).toThrow(RangeError);
  expect(() => decodeBlock({ ...last, timeMs: last.timeMs + 1 }, value)).toThrow(RangeError);
});
