import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { CliError } from "../../src/cli/errors.js";
import { EXIT } from "../../src/cli/exit-codes.js";
import { type FollowOptions, follow } from "../../src/cli/follow.js";
import type { CliClock } from "../../src/cli/index.js";
import { deferred } from "../support/deferred.js";
import { FakeClock } from "../support/fake-clock.js";

/** A stream of a test: what it says, then how it ends. */
type Script = (signal: AbortSignal) => AsyncIterable<number>;

/** Says these, then ends as `end` does. */
function says(numbers: readonly number[], end: () => Promise<void> = async () => {}): Script {
  return async function* () {
    yield* numbers;
    await end();
  };
}

function breaks(code = Code.Unavailable): () => Promise<void> {
  return () => Promise.reject(new ConnectError("broken", code));
}

/** Never says more; throws when it is cancelled. */
const hangs: Script = async function* (signal) {
  await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new ConnectError("", Code.Canceled))));
  yield 0;
};

/** Follows scripts one after the other, at `stop` no further than the message of that number. */
function play(scripts: readonly Script[], options: Partial<FollowOptions<number>> & { readonly stop?: number } = {}) {
  const clock = new FakeClock();
  const heard: number[] = [];
  const said: string[] = [];
  let opened = 0;
  const done = follow<number>({
    io: { clock, random: () => 0 },
    address: "plane:7070",
    signal: new AbortController().signal,
    open: (signal) => (scripts[opened++] ?? hangs)(signal),
    onMessage: async (number) => {
      heard.push(number);
      return number === options.stop;
    },
    say(line) {
      said.push(line);
      // The pause begins in this very turn.
      queueMicrotask(() => clock.advance(10_000));
    },
    ...options,
  });
  return { done, heard, said, clock };
}

/** Lets every wait pass in the next turn, and records it. */
function instantClock(waits: number[]): CliClock {
  return {
    wallMs: () => 0,
    after(delayMs, run) {
      waits.push(delayMs);
      queueMicrotask(run);
      return { cancel: () => {} };
    },
  };
}

/** Resolves when a timer waits: that is when silence begins to count. */
async function armed(clock: FakeClock): Promise<void> {
  while (clock.pending === 0) await Promise.resolve();
}

test("a stream that breaks is opened again, and both are said once", async () => {
  const { done, heard, said } = play([says([1], breaks()), says([2, 3])], { stop: 3 });
  await done;
  expect(heard).toEqual([1, 2, 3]);
  expect(said).toEqual(["broken; trying again", "connected to plane:7070 again"]);
});

test("a loss that lasts is said once", async () => {
  const { done, said } = play([says([1], breaks()), says([], breaks()), says([], breaks()), says([2])], {
    stop: 2,
    io: { clock: instantClock([]), random: () => 0 },
  });
  await done;
  expect(said).toEqual(["broken; trying again", "connected to plane:7070 again"]);
});

test("waits grow while nobody answers, and begin anew after an answer", async () => {
  const waits: number[] = [];
  const scripts = [says([1], breaks()), says([], breaks()), says([2], breaks()), says([3])];
  await play(scripts, { stop: 3, io: { clock: instantClock(waits), random: () => 0 } }).done;
  expect(waits).toEqual([125, 250, 125]);
});

test("a stream that the server ends is opened again", async () => {
  const { done, said } = play([says([1]), says([2])], { stop: 2 });
  await done;
  expect(said[0]).toBe("plane:7070 ended the stream; trying again");
});

test("a control plane that never answered is no loss but a failure", async () => {
  const { done, said } = play([says([], breaks())]);
  await expect(done).rejects.toThrow("broken");
  expect(said).toEqual([]);
});

test("what cannot pass by itself ends it", async () => {
  await expect(play([says([1], breaks(Code.InvalidArgument))]).done).rejects.toMatchObject({
    code: Code.InvalidArgument,
  });
});

test("a fault of the reader is not taken for one of the stream", async () => {
  const error = new CliError("stdout is full", EXIT.failed);
  const played = play([says([1])], { onMessage: () => Promise.reject(error) });
  await expect(played.done).rejects.toBe(error);
});

test("without reconnecting, the first end is the last", async () => {
  await play([says([1]), says([2])], { reconnect: false }).done;
  await expect(play([says([1], breaks())], { reconnect: false }).done).rejects.toThrow("broken");
});

test("silence beyond its bound counts as a loss", async () => {
  const silent: Script = async function* (signal) {
    yield 1;
    yield* hangs(signal);
  };
  const heardOne = deferred();
  const played = play([silent, says([2])], {
    silenceMs: 30_000,
    onMessage: async (number) => {
      if (number === 1) heardOne.resolve();
      return number === 2;
    },
  });
  await heardOne.promise;
  await armed(played.clock);
  played.clock.advance(29_999);
  expect(played.said).toEqual([]);
  played.clock.advance(1);
  await played.done;
  expect(played.said[0]).toBe("plane:7070 said nothing for 30s; trying again");
});

test("the time that a reader takes does not count as silence", async () => {
  const cancellable: Script = async function* (signal) {
    yield 1;
    if (signal.aborted) throw new ConnectError("", Code.Canceled);
    yield 2;
  };
  const reading = deferred();
  const slow = deferred();
  const played = play([cancellable], {
    silenceMs: 30_000,
    onMessage: async (number) => {
      reading.resolve();
      await slow.promise;
      return number === 2;
    },
  });
  await reading.promise;
  played.clock.advance(60_000);
  slow.resolve();
  await played.done;
  expect(played.said).toEqual([]);
});

test("the signal ends it without an error, also while it waits or reads", async () => {
  const controller = new AbortController();
  const reading = play([hangs], { signal: controller.signal });
  controller.abort();
  await reading.done;
  const other = new AbortController();
  const waiting = play([says([1], breaks())], { signal: other.signal, say: () => queueMicrotask(() => other.abort()) });
  await waiting.done;
  expect(waiting.clock.pending).toBe(0);
});
