import fc from "fast-check";
import { expect, test } from "vitest";
import { CALM, type FlapHistory, type FlapLimits, holdOf, noteChange } from "../../../src/registry/health/flapping.js";

const limits: FlapLimits = { maxChangesPerMinute: 3, baseHoldMs: 30_000, maxHoldMs: 100_000 };
const changed = (...timesMs: number[]) => timesMs.reduce((h, ms) => noteChange(h, ms, limits), CALM);
const better = (nowMs: number) => ({ from: "not-serving", to: "serving", nowMs }) as const;

test("an instance that changed as often as it may gets better at once", () => {
  expect(holdOf(changed(0, 10_000), better(20_000), limits)).toBeUndefined();
});

test("one more change within a minute holds it at the worse state, and says why", () => {
  expect(holdOf(changed(0, 10_000, 20_000), better(30_000), limits)).toEqual({
    health: "not-serving",
    reason: "held for 30 s: its health changed 3 times within a minute",
    untilMs: 60_000,
    times: 1,
  });
});

test("changes of more than a minute ago do not count", () => {
  expect(holdOf(changed(0, 10_000, 20_000), better(61_000), limits)).toBeUndefined();
});

test("getting worse is never held", () => {
  const worse = { from: "serving", to: "not-serving", nowMs: 30_000 } as const;
  expect(holdOf(changed(0, 10_000, 20_000), worse, limits)).toBeUndefined();
});

test.each([
  [0, 30],
  [1, 60],
  [2, 100],
  [50, 100],
])("after %d holds the next lasts %d s", (holds, seconds) => {
  const history: FlapHistory = { ...changed(0, 1, 2), holds };
  expect(holdOf(history, better(3), limits)?.untilMs).toBe(3 + seconds * 1_000);
});

test("0 changes turn holds off", () => {
  const off = { ...limits, maxChangesPerMinute: 0 };
  expect(holdOf({ changesMs: [1, 2, 3, 4, 5], holds: 9 }, better(6), off)).toBeUndefined();
});

test("what is remembered is bounded, and a wall clock that steps back holds nobody for longer than a hold lasts", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 10_000_000 })), fc.nat(10_000_000), (timesMs, nowMs) => {
      const history = changed(...timesMs);
      expect(history.changesMs.length).toBeLessThanOrEqual(limits.maxChangesPerMinute);
      const hold = holdOf(history, better(nowMs), limits);
      if (hold) expect(hold.untilMs - nowMs).toBeLessThanOrEqual(limits.maxHoldMs);
    }),
  );
});
