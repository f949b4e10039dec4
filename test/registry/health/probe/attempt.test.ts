import { expect, test } from "vitest";
import { Attempt } from "../../../../src/registry/health/probe/attempt.js";
import { failed, lacking, type Outcome, PASSED, VOID } from "../../../../src/registry/health/probe/outcome.js";
import type { Clock } from "../../../../src/stream/index.js";
import { FakeClock } from "../../../support/fake-clock.js";

const never = () => false;

/** A clock whose timers fire when the test says so, however late. */
class LateClock implements Clock {
  nowMs = 0;
  fire = () => {};

  wallMs = () => this.nowMs;
  monotonicMs = () => this.nowMs;
  after(_: number, run: () => void) {
    this.fire = run;
    return { cancel: () => {} };
  }
}

test("an attempt without an answer fails when its time is over, and abandons what is under way", async () => {
  const clock = new FakeClock();
  const attempt = new Attempt({ clock, timeoutMs: 1_000, waits: never });
  let abandoned = 0;
  const step = attempt.step(() => () => void abandoned++);
  clock.advance(999);
  expect(attempt.isOver).toBe(false);
  clock.advance(1);
  expect(await attempt.ended).toEqual(failed("no answer within 1 s"));
  expect(await step).toEqual(VOID);
  expect(abandoned).toBe(1);
});

test.each([
  [1_500, failed("no answer within 1 s")],
  [1_501, VOID],
  [60_000, VOID],
])("a time limit of 1 s that fires after %d ms comes to %j", async (nowMs, came) => {
  const clock = new LateClock();
  const attempt = new Attempt({ clock, timeoutMs: 1_000, waits: never });
  clock.nowMs = nowMs;
  clock.fire();
  expect(await attempt.ended).toEqual(came);
});

test("an attempt that was in a line of ours until its time was over says nothing of the instance", async () => {
  const clock = new FakeClock();
  const attempt = new Attempt({ clock, timeoutMs: 1_000, waits: () => true });
  clock.advance(1_000);
  expect(await attempt.ended).toEqual(lacking(expect.any(String)));
});

test("only the first end of an attempt counts, and it takes the timer along", async () => {
  const clock = new FakeClock();
  const attempt = new Attempt({ clock, timeoutMs: 1_000, waits: never });
  attempt.end(PASSED);
  attempt.end(failed("x"));
  expect(await attempt.ended).toEqual(PASSED);
  expect(clock.pending).toBe(0);
});

test("a step that is done is not abandoned any more", async () => {
  const attempt = new Attempt({ clock: new FakeClock(), timeoutMs: 1_000, waits: never });
  let report: (outcome: Outcome) => void = () => {};
  let abandoned = 0;
  const step = attempt.step((given) => {
    report = given;
    return () => void abandoned++;
  });
  report(PASSED);
  expect(await step).toEqual(PASSED);
  attempt.end(PASSED);
  expect(abandoned).toBe(0);
});
