import { describe, expect, test } from "vitest";
import { outliersAmong } from "../../../../src/registry/health/outliers/compare.js";
import { countCalls } from "../../../../src/registry/health/outliers/failures.js";
import { settingsOf } from "../../../../src/registry/health/outliers/settings.js";

const settings = settingsOf(undefined);

/** Instances with so many calls each, of which so many failed. */
const tallies = (...all: readonly (readonly [calls: number, failures: number])[]) =>
  all.map(([calls, failures], index) => ({ id: `i${index}`, calls, failures }));
const found = (all: ReturnType<typeof tallies>, more: object = {}) =>
  outliersAmong(all, { ...settings, ...more }).map(({ id, test: by }) => `${id} ${by}`);

const good = [1_000, 1] as const;

describe("success rate", () => {
  test("finds the one below the siblings' mean by much more than they differ", () => {
    expect(found(tallies(good, good, good, good, [1_000, 300]))).toEqual(["i4 success_rate"]);
  });

  test("finds nobody where all do alike, however badly", () => {
    expect(found(tallies([100, 70], [100, 70], [100, 70], [100, 70], [100, 70]))).toEqual([]);
  });

  test("finds nobody where all do alike, though their mean cannot be computed exactly", () => {
    const found12 = Array.from({ length: 99 }, (_, failures) =>
      found(tallies(...Array.from({ length: 12 }, () => [100, failures] as const)), {
        successRateStdevFactor: 500,
        failurePercentageThreshold: 0,
      }),
    );
    expect(found12.flat()).toEqual([]);
  });

  test("needs enough instances with enough calls", () => {
    // Of four, none can be further from their mean than 1.74 times as much as they differ.
    const closer = { successRateStdevFactor: 1_500 };
    expect(found(tallies(good, good, good, [1_000, 300]), closer)).toEqual([]);
    expect(found(tallies(good, good, good, [99, 0], [1_000, 300]), closer)).toEqual([]);
    expect(found(tallies(good, good, good, [1_000, 300]), { ...closer, successRateMinimumHosts: 4 })).toEqual([
      "i3 success_rate",
    ]);
  });

  test("is off with a factor of 0", () => {
    expect(found(tallies(good, good, good, good, [1_000, 300]), { successRateStdevFactor: 0 })).toEqual([]);
  });
});

describe("failure percentage", () => {
  const off = { successRateStdevFactor: 0 };

  test("finds those at the threshold", () => {
    expect(found(tallies(good, good, good, [100, 84], [100, 85]), off)).toEqual(["i4 failure_percentage"]);
  });

  test("needs enough instances with enough calls", () => {
    expect(found(tallies(good, good, good, [100, 99]), off)).toEqual([]);
    expect(found(tallies(good, good, good, good, [49, 49]), off)).toEqual([]);
  });

  test("is off with a threshold of 0", () => {
    expect(found(tallies(good, good, good, good, [100, 100]), { ...off, failurePercentageThreshold: 0 })).toEqual([]);
  });
});

test("an instance that both tests find is found once", () => {
  expect(found(tallies(good, good, good, good, [1_000, 900]))).toEqual(["i4 success_rate"]);
});

test("the evidence is for people", () => {
  const [one] = outliersAmong(tallies(good, good, good, good, [1_000, 300]), settings);
  expect(one?.evidence).toBe("70 % of its calls succeed, 93.9 % on average");
});

test("failures are what the server is to blame for", () => {
  const codes = new Map([0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 14, 15, 16].map((code) => [code, 1]));
  expect(countCalls(codes)).toEqual({ calls: 14, failures: 6 });
});
