import { durationMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { expect, test } from "vitest";
import { durationOf, formatDuration, parseDuration } from "../../src/cli/duration.js";

test("durations are read in every unit and in sums of them", () => {
  expect(["0", "250ms", "30s", "1.5s", "5m", "1h30m", "2d"].map(parseDuration)).toEqual([
    0, 250, 30_000, 1_500, 300_000, 5_400_000, 172_800_000,
  ]);
});

test.each(["", "30", "s", "1x", "-1s", "1h 30m", "1s!", "5 m"])(
  "%j is refused as a duration, with examples",
  (text) => {
    expect(() => parseDuration(text)).toThrow(/write 500ms, 30s/);
  },
);

test.each([
  [0, "0ms"],
  [999, "999ms"],
  [1_999, "1s"],
  [60_000, "1m"],
  [200_000, "3m 20s"],
  [7_500_000, "2h 5m"],
  [86_400_000, "1d"],
  [1_000_000_000, "11d 13h"],
])("%d ms reads %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test("what people are shown of a duration is a duration that they may write", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 10 }), (ms) => {
      const read = parseDuration(formatDuration(ms).replace(" ", ""));
      expect(read).toBeLessThanOrEqual(ms);
      expect(formatDuration(read)).toBe(formatDuration(ms));
    }),
  );
});

test("a protobuf duration has the same length", () => {
  fc.assert(fc.property(fc.nat({ max: 10 ** 10 }), (ms) => durationMs(durationOf(ms)) === ms));
});
