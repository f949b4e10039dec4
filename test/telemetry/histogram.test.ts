import fc from "fast-check";
import { expect, test } from "vitest";
import { Histogram, MAX_BOUNDS } from "../../src/telemetry/calls/histogram.js";

const filled = (...parts: { boundsMs: number[]; counts: number[]; sumMs?: number }[]) => {
  const histogram = new Histogram();
  for (const part of parts) histogram.add({ sumMs: 0, ...part });
  return histogram;
};

const aHistogram = fc.uniqueArray(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 8 }).chain((bounds) =>
  fc.record({
    boundsMs: fc.constant(bounds.sort((a, b) => a - b)),
    counts: fc.array(fc.nat(100), { minLength: bounds.length + 1, maxLength: bounds.length + 1 }),
    sumMs: fc.nat(1_000),
  }),
);

const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);

test("a percentile interpolates within its bucket", () => {
  const histogram = filled({ boundsMs: [10, 100, 200], counts: [50, 50, 0, 0] });
  expect(histogram.quantile(0.5)).toBe(10);
  expect(histogram.quantile(0.25)).toBe(5);
  expect(histogram.quantile(0.9)).toBeCloseTo(82);
  expect(histogram.quantile(1)).toBe(100);
});

test("a percentile above the highest bound is the highest bound, and without calls it is 0", () => {
  expect(filled({ boundsMs: [10, 100], counts: [1, 0, 9] }).quantile(0.9)).toBe(100);
  expect(filled({ boundsMs: [10, 100], counts: [0, 0, 0] }).quantile(0.9)).toBe(0);
  expect(filled({ boundsMs: [], counts: [7] }).quantile(0.9)).toBe(0);
  expect(new Histogram().quantile(0.5)).toBe(0);
});

test("histograms with the same bounds add up exactly", () => {
  const sum = filled(
    { boundsMs: [1, 2], counts: [1, 2, 3], sumMs: 5 },
    { boundsMs: [1, 2], counts: [10, 20, 30], sumMs: 7 },
  );
  expect(sum.counts).toEqual([11, 22, 33]);
  expect(sum.sumMs).toBe(12);
});

test("histograms with different bounds merge without moving a call across a bound of either", () => {
  const sum = filled({ boundsMs: [10, 100], counts: [4, 6, 0] }, { boundsMs: [10, 50, 100], counts: [0, 8, 0, 2] });
  expect(sum.boundsMs).toEqual([10, 50, 100]);
  expect(sum.counts[0]).toBe(4);
  expect((sum.counts[1] ?? 0) + (sum.counts[2] ?? 0)).toBeCloseTo(14);
  expect(sum.counts[3]).toBe(2);
});

test("no call is lost or made up by merging, whatever the bounds", () =>
  fc.assert(
    fc.property(fc.array(aHistogram, { minLength: 1, maxLength: 6 }), (parts) => {
      const sum = filled(...parts);
      expect(total(sum.counts)).toBeCloseTo(total(parts.flatMap(({ counts }) => counts)), 5);
      expect(sum.sumMs).toBe(total(parts.map(({ sumMs }) => sumMs)));
      expect(sum.counts).toHaveLength(sum.boundsMs.length + 1);
      expect([...sum.boundsMs].sort((a, b) => a - b)).toEqual(sum.boundsMs);
    }),
  ));

test("percentiles of one histogram stay as they are when it is merged with an empty one of other bounds", () =>
  fc.assert(
    fc.property(aHistogram, aHistogram, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (one, other, share) => {
      const bounded = { ...one, counts: [...one.counts.slice(0, -1), 0] };
      fc.pre(total(bounded.counts) > 0);
      const alone = filled(bounded);
      const merged = filled(bounded, { ...other, counts: other.counts.map(() => 0) });
      const rank = share * total(bounded.counts);
      const onBound = bounded.counts.some((_, i) => Math.abs(total(bounded.counts.slice(0, i)) - rank) < 1e-6);
      fc.pre(!onBound);
      expect(merged.quantile(share)).toBeCloseTo(alone.quantile(share), 4);
    }),
  ));

test("a histogram that gathers ever more bounds stays bounded, and its percentiles near the truth", () => {
  const histogram = new Histogram();
  for (let n = 1; n <= 300; n++) histogram.add({ boundsMs: [n, n + 0.5, 1_000], counts: [0, 1, 0, 0], sumMs: n });
  expect(histogram.boundsMs.length).toBeLessThanOrEqual(MAX_BOUNDS);
  expect(total(histogram.counts)).toBeCloseTo(300);
  expect(histogram.quantile(0.5)).toBeGreaterThan(150 * 0.8);
  expect(histogram.quantile(0.5)).toBeLessThan(150 * 1.2);
});
