import fc from "fast-check";
import { expect, test } from "vitest";
import { Backoff, pause } from "../../src/cli/retry.js";
import { FakeClock } from "../support/fake-clock.js";

test("waits double up to 10 s, and half of each is left to chance", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat({ max: 40 }), (chance, attempts) => {
      const backoff = new Backoff(() => chance);
      for (let at = 0; at < attempts; at++) backoff.next();
      const fullMs = Math.min(10_000, 250 * 2 ** attempts);
      const ms = backoff.next();
      expect(ms).toBeGreaterThanOrEqual(fullMs / 2);
      expect(ms).toBeLessThan(fullMs);
    }),
  );
});

test("after a success waits begin anew", () => {
  const backoff = new Backoff(() => 0);
  expect([backoff.next(), backoff.next()]).toEqual([125, 250]);
  backoff.reset();
  expect(backoff.next()).toBe(125);
});

test("a pause ends in time, or at once when it is given up, and leaves no timer", async () => {
  const clock = new FakeClock();
  const whole = pause(clock, 1_000, new AbortController().signal);
  clock.advance(1_000);
  await whole;
  const controller = new AbortController();
  const cut = pause(clock, 1_000, controller.signal);
  controller.abort();
  await cut;
  await pause(clock, 1_000, controller.signal);
  expect(clock.pending).toBe(0);
});
