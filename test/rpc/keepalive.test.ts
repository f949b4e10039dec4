import { EventEmitter } from "node:events";
import type { ServerHttp2Session } from "node:http2";
import { expect, test } from "vitest";
import { keepAlive } from "../../src/rpc/keepalive.js";
import type { Clock } from "../../src/stream/index.js";

/** A clock whose timers fire when a test says so, late if it likes. */
function standingClock() {
  let nowMs = 0;
  let timers: { readonly atMs: number; readonly run: () => void }[] = [];
  const clock: Clock = {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, run };
      timers.push(timer);
      return {
        cancel() {
          timers = timers.filter((other) => other !== timer);
        },
      };
    },
  };
  const comeTo = (ms: number) => {
    nowMs = ms;
    const due = timers.filter(({ atMs }) => atMs <= ms);
    timers = timers.filter(({ atMs }) => atMs > ms);
    for (const { run } of due) run();
  };
  return { clock, comeTo };
}

/** A connection that answers pings when a test says so. */
class FakeSession extends EventEmitter {
  destroyed = false;
  readonly pings: (() => void)[] = [];
  ping(answer: () => void): boolean {
    this.pings.push(answer);
    return true;
  }
  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

function start() {
  const session = new FakeSession();
  const { clock, comeTo } = standingClock();
  keepAlive(session as unknown as ServerHttp2Session, { clock, keepaliveTimeMs: 1_000, keepaliveTimeoutMs: 400 });
  return { session, comeTo };
}

test("a connection that does not answer in time is dropped", () => {
  const { session, comeTo } = start();
  comeTo(1_000);
  comeTo(1_400);
  expect(session.destroyed).toBe(true);
});

test("time in which the server stood still is not held against a connection: it has the whole time once more", () => {
  const { session, comeTo } = start();
  comeTo(1_000);
  comeTo(9_000);
  expect(session.destroyed).toBe(false);
  session.pings[0]?.();
  comeTo(9_400);
  expect(session.destroyed).toBe(false);
});

test("one that does not answer then either is dropped", () => {
  const { session, comeTo } = start();
  comeTo(1_000);
  comeTo(9_000);
  comeTo(9_400);
  expect(session.destroyed).toBe(true);
});
