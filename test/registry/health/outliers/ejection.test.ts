import { describe, expect, test } from "vitest";
import type { Health, Instance, OutlierDetection } from "../../../../src/model/index.js";
import {
  countHeads,
  ejectionMs,
  mayEject,
  putOut,
  timesWithThis,
} from "../../../../src/registry/health/outliers/ejection.js";
import { settingsOf } from "../../../../src/registry/health/outliers/settings.js";
import { anInstance } from "../../../support/entities.js";

/** Instances a, b, c, ... of these healths, of which some are out. */
function heads(healths: readonly Health[], out = "") {
  const all = healths.map((health, n) => anInstance("x", String.fromCharCode(97 + n), { health }).value as Instance);
  return countHeads(all, (id) => out.includes(id));
}

const serving = (count: number): Health[] => Array.from({ length: count }, () => "serving");
const may = (counted: ReturnType<typeof heads>, id: string, detection?: OutlierDetection) =>
  mayEject(counted, id, settingsOf(detection));

test("who takes calls and is not out is a taker", () => {
  const { total, out, takers } = heads(["serving", "degraded", "starting", "draining", "not-serving", "serving"], "f");
  expect({ total, out, takers: [...takers] }).toEqual({ total: 6, out: 1, takers: ["a", "b"] });
});

describe("whether one may be put out", () => {
  test.each([
    { of: 10, out: "", percent: 10, may: true, why: "the first, within the share" },
    { of: 3, out: "", percent: 1, may: true, why: "the first, beyond the share" },
    { of: 10, out: "b", percent: 10, may: false, why: "the second, beyond the share" },
    { of: 20, out: "b", percent: 10, may: true, why: "the second, exactly the share" },
    { of: 19, out: "b", percent: 10, may: false, why: "the second, just beyond the share" },
    { of: 2, out: "b", percent: 100, may: false, why: "the last" },
  ])("$why: $may", ({ of, out, percent, may: expected }) => {
    expect(may(heads(serving(of), out), "a", { maxEjectionPercent: percent })).toBe(expected);
  });

  test("one that takes calls stays when no other does, though there are others", () => {
    expect(may(heads(["serving", "not-serving", "draining"]), "a")).toBe(false);
    expect(may(heads(["serving", "not-serving", "degraded"]), "a")).toBe(true);
  });

  test("one that is only marked still takes calls, so it may be the last", () => {
    expect(may(heads(serving(1)), "a", { ejectedHealth: "degraded" })).toBe(true);
  });

  test("follows from those put out before in the same count", () => {
    const counted = heads(serving(3));
    const all = { maxEjectionPercent: 100 };
    for (const id of ["a", "b"]) {
      expect(may(counted, id, all)).toBe(true);
      putOut(counted, id);
    }
    expect(may(counted, "c", all)).toBe(false);
  });
});

describe("the time of an ejection", () => {
  const settings = settingsOf({ baseEjectionTimeMs: 30_000, maxEjectionTimeMs: 70_000 });

  test("is the base time times how often, up to a bound", () => {
    expect([1, 2, 3, 4].map((times) => ejectionMs(settings, times))).toEqual([30_000, 60_000, 70_000, 70_000]);
  });

  test("counts no more times than the bound takes", () => {
    expect([0, 1, 2, 3, 4].map((times) => timesWithThis(settings, times))).toEqual([1, 2, 3, 3, 4]);
  });
});
