import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SharedScan } from "../../src/discovery/shared-scan.js";
import { type ChangeSet, DomainError } from "../../src/model/index.js";
import type { Store } from "../../src/store/index.js";

const NEWEST = 40n;

/** A store's log from revision 1, of which `gone` are no longer there; counts how often it is read. */
class Log implements Pick<Store, "changes"> {
  newest = NEWEST;
  reads = 0;
  gone = 0n;
  missing = 0n;

  async *changes({ after, signal }: Parameters<Store["changes"]>[0]): AsyncIterable<ChangeSet> {
    this.reads++;
    for (let revision = after + 1n; revision <= this.newest; revision++) {
      if (revision % 3n === 0n) await setImmediate();
      signal?.throwIfAborted();
      if (revision === this.missing) continue;
      if (revision <= this.gone)
        throw new DomainError({
          reason: "REVISION_OUT_OF_RANGE",
          requested: after,
          oldest: this.gone,
          current: NEWEST,
        });
      yield { revision, committedAtMs: 0, actor: "", cause: "register", changes: [] };
    }
  }
}

function aScan() {
  const log = new Log();
  const closing = new AbortController();
  const scan = new SharedScan(log, closing.signal);
  const read = async (after: bigint, until: bigint, signal = new AbortController().signal) => {
    const taken: bigint[] = [];
    await scan.read({ after, until, signal, take: ({ revision }) => taken.push(revision) });
    return taken;
  };
  return { log, closing, scan, read };
}

function range(after: bigint, until: bigint): bigint[] {
  return Array.from({ length: Number(until - after) }, (_, n) => after + BigInt(n) + 1n);
}

test("a hundred who read at once have the log read once, and each is told its own part", async () => {
  const { log, read } = aScan();
  const parts = await Promise.all(Array.from({ length: 100 }, (_, n) => read(BigInt(n % 30), NEWEST)));
  expect(parts).toEqual(parts.map((_, n) => range(BigInt(n % 30), NEWEST)));
  expect(log.reads).toBe(1);
});

test("who comes when the scan has passed is served by another one", async () => {
  const { log, read } = aScan();
  const first = read(0n, NEWEST);
  for (let n = 0; n < 8; n++) await setImmediate();
  expect(await Promise.all([read(0n, 20n), first])).toEqual([range(0n, 20n), range(0n, NEWEST)]);
  expect(log.reads).toBe(2);
});

test("history that went is told to those who needed it, and to nobody else", async () => {
  const { log, read } = aScan();
  log.gone = 10n;
  const [late, early] = await Promise.allSettled([read(15n, NEWEST), read(4n, NEWEST)]);
  expect(late).toEqual({ status: "fulfilled", value: range(15n, NEWEST) });
  expect(early).toMatchObject({ status: "rejected", reason: { fault: { reason: "REVISION_OUT_OF_RANGE" } } });
});

test.each([
  ["before what the other's scan has passed", 0n],
  ["far beyond it", 25_000n],
])("who needs little does not wait for who needs all, %s", async (_, after) => {
  const { log, read } = aScan();
  log.newest = 30_000n;
  const done: string[] = [];
  const all = read(0n, log.newest).then(() => done.push("all"));
  for (let n = 0; n < 100; n++) await setImmediate();
  await read(after, after + 10n).then(() => done.push("little"));
  await all;
  expect(done).toEqual(["little", "all"]);
});

test("however many read different parts, the log is read four times at once at most", async () => {
  const { log, read } = aScan();
  log.newest = 200_000n;
  const all = Array.from({ length: 8 }, (_, n) => read(BigInt(n) * 20_000n, BigInt(n) * 20_000n + 100n));
  for (let n = 0; n < 3; n++) await setImmediate();
  expect(log.reads).toBe(4);
  await Promise.all(all);
  expect(log.reads).toBe(8);
});

test("a revision that is missing in the log is an error, not a wait", async () => {
  const { log, read } = aScan();
  log.missing = 5n;
  await expect(read(4n, NEWEST)).rejects.toThrow("revision 5 is missing");
});

test("a log that ends before what was promised is an error, not a wait", async () => {
  const { read } = aScan();
  await expect(read(30n, NEWEST + 5n)).rejects.toThrow("ends before revision 41");
});

test("who fails to take what comes is let go, and the others read on", async () => {
  const { scan, read } = aScan();
  const take = () => {
    throw new TypeError("no more");
  };
  const bad = scan.read({ after: 0n, until: NEWEST, signal: new AbortController().signal, take });
  expect(await Promise.allSettled([bad, read(0n, NEWEST)])).toMatchObject([
    { status: "rejected", reason: { message: "no more" } },
    { status: "fulfilled" },
  ]);
});

test("who is closed lets everybody go", async () => {
  const { closing, read } = aScan();
  const all = [read(0n, NEWEST), read(20n, NEWEST)];
  closing.abort();
  expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
});

test("whoever comes and goes at any moment, each is told all of its part, once, in order, or nothing beyond its going", async () => {
  const readers = fc.array(
    fc.record({
      after: fc.bigInt(0n, NEWEST - 1n),
      length: fc.bigInt(1n, NEWEST),
      waits: fc.nat(12),
      leaves: fc.option(fc.nat(12)),
    }),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(readers, async (all) => {
      const { scan } = aScan();
      await Promise.all(
        all.map(async ({ after, length, waits, leaves }) => {
          const until = after + length > NEWEST ? NEWEST : after + length;
          const leaving = new AbortController();
          for (let n = 0; n < waits; n++) await setImmediate();
          const taken: bigint[] = [];
          const take = ({ revision }: ChangeSet) => {
            expect(leaving.signal.aborted).toBe(false);
            taken.push(revision);
          };
          const reading = scan.read({ after, until, signal: leaving.signal, take });
          const outcome = reading.then(
            () => "all",
            () => "left",
          );
          if (leaves !== null) {
            for (let n = 0; n < leaves; n++) await setImmediate();
            leaving.abort();
          }
          const told = range(after, until);
          expect(taken).toEqual(told.slice(0, taken.length));
          if ((await outcome) === "all") expect(taken).toEqual(told);
          else expect(leaves).not.toBeNull();
        }),
      );
    }),
  );
});
