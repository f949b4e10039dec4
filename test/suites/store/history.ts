import { describe, expect, test } from "vitest";
import { anInstance, aService, keyOfInstance } from "../../support/entities.js";
import { FakeClock } from "../../support/fake-clock.js";
import { storeOptions } from "../../support/store-options.js";
import { collect, commitMany, deleting, failureOf, fold, type OpenStore, putting, sorted, stateOf } from "./kit.js";

const HOUR_MS = 3_600_000;

/** What every store promises of its history. */
export function historySuite(open: OpenStore): void {
  describe("history", () => {
    test("brings what the feed brought, from any revision on", async () => {
      await using store = await open(storeOptions());
      const heard: unknown[] = [];
      store.subscribe((changeSets) => heard.push(...changeSets));
      await commitMany(store, 5, (index) => anInstance("pay", "a", { version: String(index) }));
      await store.commit(deleting(keyOfInstance("pay", "a")));
      for (const after of [0n, 1n, 4n, 5n]) {
        expect(await collect(store.changes({ after }))).toEqual(heard.slice(Number(after)));
      }
      expect(await collect(store.changes({ after: 6n }))).toEqual([]);
    });

    test("ends at the revision of the moment of the call", async () => {
      await using store = await open(storeOptions());
      await store.commit(putting(aService("pay")));
      const changes = store.changes({ after: 0n });
      await store.commit(putting(aService("late")));
      expect((await collect(changes)).map(({ revision }) => revision)).toEqual([1n]);
    });

    test("leads from an old snapshot to the state of now", async () => {
      await using store = await open(storeOptions());
      await commitMany(store, 20, (index) => anInstance("pay", String(index % 7), { version: String(index) }));
      const old = store.snapshot();
      await commitMany(store, 20, (index) => anInstance("pay", String(index % 11), { version: `later ${index}` }));
      await store.commit(deleting(keyOfInstance("pay", "3"), keyOfInstance("pay", "10")));
      const changes = await collect(store.changes({ after: old.revision }));
      expect(sorted(fold(stateOf(old), changes))).toEqual(sorted(stateOf(store.snapshot())));
    });

    test("refuses revisions to come", async () => {
      await using store = await open(storeOptions());
      const error = await failureOf(() => collect(store.changes({ after: 1n })));
      const fault = { reason: "REVISION_OUT_OF_RANGE", requested: 1n, oldest: 0n, current: 0n };
      expect(error).toMatchObject({ fault });
    });

    test("ends with the reason of its signal", async () => {
      await using store = await open(storeOptions());
      await commitMany(store, 3, () => aService("pay"));
      const abort = new AbortController();
      const read = async () => {
        for await (const _ of store.changes({ after: 0n, signal: abort.signal })) abort.abort(new Error("enough"));
      };
      expect(await failureOf(() => read())).toMatchObject({ message: "enough" });
    });
  });

  describe("compaction", () => {
    test("forgets what is asked for and keeps the rest", async () => {
      await using store = await open(storeOptions());
      await commitMany(store, 5, () => aService("pay"));
      expect(await store.compact(3n)).toBe(3n);
      expect(store.status().compactedRevision).toBe(3n);
      expect((await collect(store.changes({ after: 3n }))).map(({ revision }) => revision)).toEqual([4n, 5n]);
      const error = await failureOf(() => collect(store.changes({ after: 2n })));
      const fault = { reason: "REVISION_OUT_OF_RANGE", requested: 2n, oldest: 3n, current: 5n };
      expect(error).toMatchObject({ fault });
    });

    test("still brings a delete at the revision after its edge, and the state before it", async () => {
      await using store = await open(storeOptions());
      await store.commit(putting(anInstance("pay", "a")));
      await store.commit(deleting(keyOfInstance("pay", "a")));
      await store.compact(1n);
      const [change] = (await collect(store.changes({ after: 1n }))).flatMap(({ changes }) => changes);
      expect(change).toMatchObject({ key: keyOfInstance("pay", "a"), before: { value: { modRevision: 1n } } });
      expect(change).not.toHaveProperty("after");
    });

    test("may forget everything, and the store goes on", async () => {
      await using store = await open(storeOptions());
      await commitMany(store, 3, () => aService("pay"));
      expect(await store.compact(3n)).toBe(3n);
      await store.commit(putting(aService("pay")));
      expect((await collect(store.changes({ after: 3n }))).map(({ revision }) => revision)).toEqual([4n]);
    });

    test("of what is forgotten already changes nothing", async () => {
      await using store = await open(storeOptions());
      await commitMany(store, 3, () => aService("pay"));
      await store.compact(2n);
      expect(await store.compact(1n)).toBe(2n);
    });

    test("beyond the current revision is refused", async () => {
      await using store = await open(storeOptions());
      const error = await failureOf(() => store.compact(1n));
      const fault = { reason: "REVISION_OUT_OF_RANGE", requested: 1n, oldest: 0n, current: 0n };
      expect(error).toMatchObject({ fault });
    });

    test("is announced while the history is still there", async () => {
      await using store = await open(storeOptions());
      await commitMany(store, 3, () => aService("pay"));
      const told: bigint[][] = [];
      const end = store.beforeCompaction((revision) => told.push([revision, store.status().compactedRevision]));
      await store.compact(2n);
      await store.compact(1n);
      end();
      await store.compact(3n);
      expect(told).toEqual([[2n, 0n]]);
    });

    test("goes on when a listener throws", async () => {
      await using store = await open(storeOptions());
      await commitMany(store, 3, () => aService("pay"));
      store.beforeCompaction(() => {
        throw new Error("a fault of a listener");
      });
      expect(await store.compact(2n)).toBe(2n);
    });

    test("tells a reader whom it overtakes", async () => {
      await using store = await open(storeOptions());
      await commitMany(store, 3, () => aService("pay"));
      const changes = store.changes({ after: 0n });
      await store.compact(2n);
      const error = await failureOf(() => collect(changes));
      expect(error).toMatchObject({ fault: { reason: "REVISION_OUT_OF_RANGE", oldest: 2n } });
    });

    test("without a revision keeps what is young enough", async () => {
      const clock = new FakeClock();
      await using store = await open(storeOptions({ clock }));
      await store.commit(putting(aService("old")));
      clock.advance(HOUR_MS / 2);
      await store.commit(putting(aService("young")));
      expect(await store.compact(0n)).toBe(0n);
      clock.advance(HOUR_MS / 2);
      expect(await store.compact(0n)).toBe(1n);
      clock.advance(HOUR_MS / 2);
      expect(await store.compact(0n)).toBe(2n);
    });

    test("without a revision keeps as many as the limit says", async () => {
      await using store = await open(storeOptions({ historyMaxRevisions: 2 }));
      await commitMany(store, 5, () => aService("pay"));
      expect(await store.compact(0n)).toBe(3n);
    });

    test("happens by itself", async () => {
      const clock = new FakeClock();
      await using store = await open(storeOptions({ clock, historyMaxRevisions: 2, compactionIntervalMs: 1_000 }));
      await commitMany(store, 5, () => aService("pay"));
      const compacted = new Promise<bigint>((resolve) => store.beforeCompaction(resolve));
      clock.advance(1_000);
      expect(await compacted).toBe(3n);
    });

    test("lets commits through while it goes on", async () => {
      await using store = await open(storeOptions());
      await commitMany(store, 50, () => aService("pay"));
      const compacting = store.compact(50n);
      const commits = commitMany(store, 50, () => aService("pay"));
      await Promise.all([compacting, commits]);
      expect((await collect(store.changes({ after: 50n }))).map(({ revision }) => revision)).toEqual(
        Array.from({ length: 50 }, (_, index) => BigInt(index + 51)),
      );
    });
  });
}
