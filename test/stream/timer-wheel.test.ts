import fc from "fast-check";
import { expect, test } from "vitest";
import { type Clock, type Timer, TimerWheel } from "../../src/stream/index.js";
import { FakeClock } from "../support/fake-clock.js";

const TICK_MS = 250;

/** A clock whose one timer comes when the test says, as after a blocked event loop. */
class LateClock implements Clock {
  nowMs = 0;
  run: (() => void) | undefined;

  wallMs(): number {
    return this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  after(_delayMs: number, run: () => void): Timer {
    this.run = run;
    const cancel = () => {
      this.run = undefined;
    };
    return { cancel };
  }

  /** Moves on without running anything, then runs the timer that waits. */
  tickAfter(ms: number): void {
    this.nowMs += ms;
    const { run } = this;
    this.run = undefined;
    run?.();
  }
}

function aWheel(clock: Clock, pauseMs?: number) {
  const batches: string[][] = [];
  const options = { clock, tickMs: TICK_MS, onDue: (keys: string[]) => void batches.push(keys) };
  const wheel = new TimerWheel<string>(pauseMs === undefined ? options : { ...options, pauseMs });
  return { wheel, batches };
}

test("a key fires after its deadline and within two ticks of it", () => {
  const clock = new FakeClock(123);
  const { wheel, batches } = aWheel(clock);
  wheel.set("a", 1_000);
  clock.advance(999);
  expect(batches).toEqual([]);
  clock.advance(1 + 2 * TICK_MS);
  expect(batches).toEqual([["a"]]);
});

test("keys with one deadline come out together", () => {
  const clock = new FakeClock();
  const { wheel, batches } = aWheel(clock);
  for (const key of ["a", "b", "c"]) wheel.set(key, 1_000);
  clock.advance(2_000);
  expect(batches).toEqual([["a", "b", "c"]]);
});

test("setting a key again moves its deadline, earlier or later", () => {
  const clock = new FakeClock();
  const { wheel, batches } = aWheel(clock);
  wheel.set("a", 1_000);
  wheel.set("b", 10_000);
  wheel.set("a", 5_000);
  wheel.set("b", 1_000);
  clock.advance(4_000);
  expect(batches).toEqual([["b"]]);
  clock.advance(2_000);
  expect(batches).toEqual([["b"], ["a"]]);
});

test("a cleared key does not fire", () => {
  const clock = new FakeClock();
  const { wheel, batches } = aWheel(clock);
  wheel.set("a", 1_000);
  expect(wheel.clear("a")).toBe(true);
  expect(wheel.clear("a")).toBe(false);
  clock.advance(10_000);
  expect(batches).toEqual([]);
});

test("an empty wheel has no timer", () => {
  const clock = new FakeClock();
  const { wheel } = aWheel(clock);
  expect(clock.pending).toBe(0);
  wheel.set("a", 1_000);
  expect(clock.pending).toBe(1);
  wheel.clear("a");
  expect(clock.pending).toBe(0);
  wheel.set("b", 1_000);
  clock.advance(2_000);
  expect(clock.pending).toBe(0);
});

test("a key may be set again while it fires", () => {
  const clock = new FakeClock();
  let fired = 0;
  const wheel: TimerWheel<string> = new TimerWheel({
    clock,
    tickMs: TICK_MS,
    onDue: () => {
      fired++;
      wheel.set("a", 1_000);
    },
  });
  wheel.set("a", 1_000);
  clock.advance(6_500);
  expect(fired).toBeGreaterThanOrEqual(4);
  expect(wheel.size).toBe(1);
});

test("a stopped wheel fires nothing until something is set, and then what has fallen due", () => {
  const clock = new FakeClock();
  const { wheel, batches } = aWheel(clock);
  wheel.set("a", 1_000);
  wheel.stop();
  clock.advance(60_000);
  expect(batches).toEqual([]);
  wheel.set("b", 60_000);
  clock.advance(TICK_MS);
  expect(batches).toEqual([["a"]]);
});

test("a pause of ours moves every deadline on by the pause", () => {
  const clock = new LateClock();
  const { wheel, batches } = aWheel(clock);
  wheel.set("a", 1_000);
  clock.tickAfter(TICK_MS);
  clock.tickAfter(60_000);
  expect(batches).toEqual([]);
  expect(wheel.remainingMs("a")).toBe(500);
  clock.tickAfter(TICK_MS);
  clock.tickAfter(TICK_MS);
  expect(batches).toEqual([["a"]]);
});

test("a deadline set after a pause, before its tick comes, is not moved on by the pause", () => {
  const clock = new LateClock();
  const { wheel, batches } = aWheel(clock);
  wheel.set("a", 3_600_000);
  clock.nowMs += 60_000;
  wheel.set("b", 1_000);
  expect(wheel.remainingMs("b")).toBeLessThanOrEqual(1_000 + TICK_MS);
  for (let waitedMs = 0; waitedMs < 1_000 + 2 * TICK_MS; waitedMs += TICK_MS) clock.tickAfter(TICK_MS);
  expect(batches).toEqual([["b"]]);
});

test("a tick that is a little late is no pause", () => {
  const clock = new LateClock();
  const { wheel, batches } = aWheel(clock, 500);
  wheel.set("a", 1_000);
  clock.tickAfter(TICK_MS + 499);
  clock.tickAfter(TICK_MS + 499);
  expect(batches).toEqual([["a"]]);
});

const aStep = fc.oneof(
  { weight: 4, arbitrary: fc.record({ set: fc.constantFrom("a", "b", "c", "d"), delayMs: fc.nat(5_000) }) },
  { weight: 1, arbitrary: fc.record({ clear: fc.constantFrom("a", "b", "c", "d") }) },
  { weight: 4, arbitrary: fc.record({ advanceMs: fc.nat(3_000) }) },
);

test("whatever is set, moved and cleared, no key fires early, twice, or later than two ticks", () =>
  fc.assert(
    fc.property(fc.array(aStep, { maxLength: 60 }), (steps) => {
      const clock = new FakeClock(1_001);
      /** key -> when it is due: the model. */
      const deadlines = new Map<string, number>();
      const faults: string[] = [];
      const wheel = new TimerWheel<string>({
        clock,
        tickMs: TICK_MS,
        onDue: (keys) => {
          for (const key of keys) {
            const dueMs = deadlines.get(key);
            if (dueMs === undefined) faults.push(`${key} fired without a deadline`);
            else if (clock.monotonicMs() < dueMs) faults.push(`${key} fired early`);
            deadlines.delete(key);
          }
        },
      });
      for (const step of steps) {
        if ("advanceMs" in step) clock.advance(step.advanceMs);
        else if ("clear" in step) expect(wheel.clear(step.clear)).toBe(deadlines.delete(step.clear));
        else {
          wheel.set(step.set, step.delayMs);
          deadlines.set(step.set, clock.monotonicMs() + step.delayMs);
        }
        for (const [key, dueMs] of deadlines) {
          if (clock.monotonicMs() > dueMs + 2 * TICK_MS) faults.push(`${key} is late`);
          expect(wheel.remainingMs(key)).toBeGreaterThanOrEqual(Math.max(0, dueMs - clock.monotonicMs()));
        }
      }
      expect(faults).toEqual([]);
      expect(wheel.size).toBe(deadlines.size);
      clock.advance(10_000);
      expect(deadlines.size).toBe(0);
      expect(clock.pending).toBe(0);
    }),
  ));
