import { setImmediate } from "node:timers/promises";
import { pino } from "pino";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { GroupCommit } from "../../src/store/group-commit.js";
import type { Journal, JournalEntry, Sealed } from "../../src/store/journal.js";
import { Ledger } from "../../src/store/ledger.js";
import { createStoreMetrics } from "../../src/store/metrics.js";
import { failureOf, putting } from "../suites/store/kit.js";
import { deferred } from "../support/deferred.js";
import { anInstance } from "../support/entities.js";
import { FakeClock } from "../support/fake-clock.js";
import { storeOptions } from "../support/store-options.js";

interface Fake extends Sealed {
  readonly entry: JournalEntry;
}

/** A journal whose writes end when a test says so, and whose entries are as large as it says. */
function aJournal(bytes = 100) {
  const batches: { revisions: bigint[]; end: () => void; fail: () => void }[] = [];
  let arrival = deferred();
  const journal = {
    kind: "fake",
    seal: (entry: JournalEntry): Fake => ({ entry, bytes }),
    append(batch: readonly Fake[]) {
      const { promise, resolve, reject } = deferred();
      const revisions = batch.flatMap(({ entry }) => entry.changeSet?.revision ?? []);
      batches.push({ revisions, end: () => resolve(), fail: () => reject(new Error("no space")) });
      arrival.resolve();
      arrival = deferred();
      return promise;
    },
  } as Partial<Journal<Fake>> as Journal<Fake>;
  /** The next batch that arrives at the disk, numbered from 0. */
  const batch = async (number: number) => {
    while (!batches[number]) await arrival.promise;
    return batches[number];
  };
  return { journal, batches, batch };
}

function aGroup(journal: Journal<Fake>, limits = {}) {
  const ledger = new Ledger({ revision: 0n, committedAtMs: 0, entities: [], sessions: [] });
  const published: bigint[][] = [];
  const publish = (sets: readonly { revision: bigint }[]) => published.push(sets.map(({ revision }) => revision));
  const unbounded = { maxPendingCommits: 1e6, maxPendingBytes: 1e9 };
  const group = new GroupCommit({ ...storeOptions(), ...unbounded, ...limits, ledger, journal, publish });
  const put = (id: string) => group.commit(putting(anInstance("pay", id)));
  return { group, ledger, published, put };
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => BigInt(from + index));

test("commits that arrive while one is being written share the next batch", async () => {
  const { journal, batch } = aJournal();
  const { put, published } = aGroup(journal);
  const first = put("a");
  await batch(0);
  const others = ["b", "c", "d"].map(put);
  (await batch(0)).end();
  await first;
  (await batch(1)).end();
  await Promise.all(others);
  expect((await batch(0)).revisions).toEqual([1n]);
  expect((await batch(1)).revisions).toEqual([2n, 3n, 4n]);
  expect(published).toEqual([[1n], [2n, 3n, 4n]]);
});

test("of a long queue half is written while the other half waits, so that disk and callers work at once", async () => {
  const { journal, batch } = aJournal();
  const { put, published } = aGroup(journal);
  const commits = Array.from({ length: 400 }, (_, index) => put(String(index)));
  expect((await batch(0)).revisions).toEqual(range(1, 200));
  (await batch(0)).end();
  expect((await batch(1)).revisions).toEqual(range(201, 300));
  await Promise.all(commits.slice(0, 200));
  expect(published).toEqual([range(1, 200)]);
  (await batch(1)).end();
  (await batch(2)).end();
  expect((await Promise.all(commits)).map(({ revision }) => revision)).toEqual(range(1, 400));
});

test("a batch stays within 4 MiB, and a commit beyond that goes alone", async () => {
  const { journal, batch } = aJournal(3 * 1024 * 1024);
  const { put } = aGroup(journal);
  const commits = ["a", "b", "c"].map(put);
  for (const number of [0, 1, 2]) {
    expect((await batch(number)).revisions).toEqual([BigInt(number + 1)]);
    (await batch(number)).end();
  }
  await Promise.all(commits);
});

test("more pending bytes than allowed are refused with the limit's name, until there is room again", async () => {
  const { journal, batch } = aJournal(600);
  const { put } = aGroup(journal, { maxPendingBytes: 1_000 });
  const commits = [put("a"), put("b")];
  const fault = { reason: "LIMIT_EXCEEDED", limit: "max-pending-bytes", max: 1_000, retryAfterMs: 100 };
  expect(await failureOf(() => put("c"))).toMatchObject({ fault });
  (await batch(0)).end();
  await Promise.all(commits);
  const later = put("d");
  (await batch(1)).end();
  expect((await later).revision).toBe(3n);
});

test("when a write fails, what was durable before it is answered and everything behind it is refused", async () => {
  const { journal, batch } = aJournal();
  const { put, ledger, group } = aGroup(journal);
  const commits = Array.from({ length: 150 }, (_, index) => put(String(index)));
  const outcomes = Promise.allSettled(commits);
  (await batch(0)).end();
  (await batch(1)).fail();
  expect((await outcomes).map(({ status }) => status)).toEqual([
    ...Array.from({ length: 100 }, () => "fulfilled"),
    ...Array.from({ length: 50 }, () => "rejected"),
  ]);
  expect([ledger.revision, group.writable]).toEqual([100n, false]);
});

test("while it cannot write, the log says so once a minute and without a stack", async () => {
  const { journal, batch } = aJournal();
  const lines: string[] = [];
  const clock = new FakeClock();
  const log = pino({ level: "warn" }, { write: (line: string) => void lines.push(line) });
  let attempts = 0;
  const recover = async () => {
    attempts++;
    throw new Error("no space");
  };
  const { put } = aGroup({ ...journal, recover }, { clock, log });
  const refused = failureOf(() => put("a"));
  (await batch(0)).fail();
  await refused;
  for (let second = 0; second < 120; second++) {
    clock.advance(1_000);
    await setImmediate();
  }
  const warnings = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 40);
  expect(attempts).toBe(120);
  expect(warnings).toHaveLength(2);
  for (const warning of warnings) {
    expect(warning).toMatchObject({ error: "no space", msg: "the store still cannot write" });
    expect(JSON.stringify(warning)).not.toContain("stack");
  }
});

test("a write of the store's own never meets a batch on the disk", async () => {
  const { journal, batch, batches } = aJournal();
  const { put, group } = aGroup(journal);
  const first = put("a");
  await batch(0);
  const step = deferred();
  const running = deferred();
  const maintained = group.maintain(() => {
    running.resolve();
    return step.promise;
  });
  const second = put("b");
  (await batch(0)).end();
  await first;
  await running.promise;
  expect(batches).toHaveLength(1);
  step.resolve();
  await maintained;
  (await batch(1)).end();
  expect((await second).revision).toBe(2n);
});

test("commits, fsyncs and batches are counted", async () => {
  const register = new Registry();
  const { journal, batch } = aJournal();
  const { put } = aGroup(journal, { metrics: createStoreMetrics(register) });
  const commits = ["a", "b", "c"].map(put);
  (await batch(0)).end();
  await Promise.all(commits);
  const text = await register.metrics();
  expect(text).toContain("portolan_store_fsyncs_total 1");
  expect(text).toContain("portolan_store_commit_duration_seconds_count 3");
  expect(text).toContain("portolan_store_batch_commits_sum 3");
  expect(text).toContain("portolan_store_batch_bytes_sum 300");
  expect(text).toContain("portolan_store_pending_commits 0");
  expect(text).toContain("portolan_store_writable 1");
});
