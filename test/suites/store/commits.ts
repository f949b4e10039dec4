import { describe, expect, test } from "vitest";
import { anInstance, aService, keyOfInstance, keyOfService } from "../../support/entities.js";
import { storeOptions } from "../../support/store-options.js";
import { aSession, deleting, failureOf, type OpenStore, putting, stateOf } from "./kit.js";

/** What every store promises of commits. */
export function commitSuite(open: OpenStore): void {
  describe("commits", () => {
    test("an empty store is at revision 0 and writable", async () => {
      await using store = await open(storeOptions());
      expect(store.status()).toMatchObject({ revision: 0n, compactedRevision: 0n, writable: true });
      expect(store.secret).toHaveLength(32);
    });

    test("each takes the next revision and stamps it on what it puts", async () => {
      await using store = await open(storeOptions());
      const first = await store.commit(putting(anInstance("pay", "a")));
      const second = await store.commit(putting(anInstance("pay", "a", { version: "2" })));
      expect([first.revision, second.revision, store.status().revision]).toEqual([1n, 2n, 2n]);
      expect(second.changed).toBe(true);
      expect(second.entities[0]?.value).toMatchObject({ version: "2", createRevision: 1n, modRevision: 2n });
      expect([...store.snapshot().entities]).toEqual(second.entities);
    });

    test("one that puts and deletes several keys does so at one revision", async () => {
      await using store = await open(storeOptions());
      await store.commit(putting(aService("pay"), anInstance("pay", "a"), anInstance("pay", "b")));
      const deletes = [keyOfInstance("pay", "a"), keyOfInstance("pay", "missing")];
      const mixed = await store.commit({ ...putting(anInstance("pay", "c")), deletes });
      expect(mixed.revision).toBe(2n);
      expect([...stateOf(store.snapshot()).keys()]).toEqual([
        keyOfService("pay"),
        keyOfInstance("pay", "b"),
        keyOfInstance("pay", "c"),
      ]);
    });

    test("answers the entities in the order of the puts", async () => {
      await using store = await open(storeOptions());
      const { entities } = await store.commit(putting(anInstance("pay", "z"), aService("pay"), anInstance("pay", "a")));
      expect(entities.map(({ kind, value }) => [kind, "id" in value ? value.id : value.name])).toEqual([
        ["instance", "z"],
        ["service", "pay"],
        ["instance", "a"],
      ]);
    });

    test("what is deleted and put again is created anew", async () => {
      await using store = await open(storeOptions());
      await store.commit(putting(anInstance("pay", "a")));
      await store.commit(deleting(keyOfInstance("pay", "a")));
      const again = await store.commit(putting(anInstance("pay", "a")));
      expect(again.entities[0]?.value).toMatchObject({ createRevision: 3n, modRevision: 3n });
    });

    test("one that deletes only what does not exist takes no revision", async () => {
      await using store = await open(storeOptions());
      await store.commit(putting(aService("pay")));
      const nothing = await store.commit(deleting(keyOfInstance("pay", "a")));
      expect(nothing).toMatchObject({ revision: 1n, changed: false });
      expect(store.status().revision).toBe(1n);
    });

    test("an empty one is answered after all that was committed before it", async () => {
      await using store = await open(storeOptions());
      const order: string[] = [];
      const write = store.commit(putting(aService("pay"))).then(() => order.push("write"));
      const empty = store.commit({ actor: "test", cause: "update" });
      await Promise.all([write, empty.then(() => order.push("empty"))]);
      expect(order).toEqual(["write", "empty"]);
      expect(await empty).toMatchObject({ revision: 1n, changed: false });
    });

    test("an empty one answers the revision at its turn, also when more is written with it", async () => {
      await using store = await open(storeOptions());
      const commits = [
        store.commit(putting(aService("pay"))),
        store.commit({ actor: "test", cause: "update" }),
        store.commit(putting(aService("pay", { owner: "b" }))),
      ];
      expect((await Promise.all(commits)).map(({ revision }) => revision)).toEqual([1n, 1n, 2n]);
    });

    test("one with a key twice is refused and changes nothing", async () => {
      await using store = await open(storeOptions());
      const twice = { ...putting(anInstance("pay", "a")), puts: [anInstance("pay", "a"), anInstance("pay", "a")] };
      expect(await failureOf(() => store.commit(twice))).toBeInstanceOf(TypeError);
      expect(store.peek(keyOfInstance("pay", "a"))).toBeUndefined();
    });

    test("committedAtMs is the wall clock's", async () => {
      const options = storeOptions();
      await using store = await open(options);
      const { committedAtMs } = await store.commit(putting(aService("pay")));
      expect(committedAtMs).toBe(options.clock.wallMs());
      expect(store.snapshot().committedAtMs).toBe(committedAtMs);
    });
  });

  describe("preconditions", () => {
    const key = keyOfInstance("pay", "a");

    test("a commit happens when they hold", async () => {
      await using store = await open(storeOptions());
      const put = { ...putting(anInstance("pay", "a")), expect: [{ key, modRevision: 0n }] };
      expect((await store.commit(put)).revision).toBe(1n);
      expect((await store.commit({ ...put, expect: [{ key, modRevision: 1n }] })).revision).toBe(2n);
    });

    test("a commit that breaks one is refused with both revisions and changes nothing", async () => {
      await using store = await open(storeOptions());
      await store.commit(putting(anInstance("pay", "a")));
      const puts = [anInstance("pay", "a"), anInstance("pay", "b")];
      const error = await failureOf(() => store.commit({ ...putting(...puts), expect: [{ key, modRevision: 0n }] }));
      expect(error).toMatchObject({
        fault: { reason: "REVISION_CONFLICT", name: "default/pay/a", expected: 0n, actual: 1n },
      });
      expect(store.status().revision).toBe(1n);
      expect(store.peek(keyOfInstance("pay", "b"))).toBeUndefined();
    });

    test("of two commits that expect the same revision exactly one happens", async () => {
      await using store = await open(storeOptions());
      const put = { ...putting(anInstance("pay", "a")), expect: [{ key, modRevision: 0n }] };
      const outcomes = await Promise.allSettled([store.commit(put), store.commit(put)]);
      expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    });

    test("a conflict with what is not durable yet is told only when it is", async () => {
      await using store = await open(storeOptions());
      const order: string[] = [];
      const write = store.commit(putting(anInstance("pay", "a"))).then(() => order.push("write"));
      const conflict = store.commit({ ...putting(anInstance("pay", "a")), expect: [{ key, modRevision: 0n }] });
      await Promise.all([write, conflict.catch(() => order.push("conflict"))]);
      expect(order).toEqual(["write", "conflict"]);
    });
  });

  describe("peeking", () => {
    test("shows what the next commit finds, before it is durable", async () => {
      await using store = await open(storeOptions());
      await store.commit(putting(anInstance("pay", "a"), anInstance("pay", "b")));
      const pending = store.commit({ ...putting(anInstance("pay", "c")), deletes: [keyOfInstance("pay", "a")] });
      expect(store.peek(keyOfInstance("pay", "a"))).toBeUndefined();
      expect(store.peek(keyOfInstance("pay", "c"))?.value.modRevision).toBe(2n);
      expect([...store.peekInstances(keyOfService("pay"))]).toEqual(["b", "c"].map((id) => keyOfInstance("pay", id)));
      expect([...store.snapshot().entities]).toHaveLength(2);
      expect(store.snapshot().revision).toBe(1n);
      await pending;
    });

    test("tells the instances of one service from those of another", async () => {
      await using store = await open(storeOptions());
      await store.commit(putting(anInstance("pay", "a"), anInstance("payroll", "b")));
      expect([...store.peekInstances(keyOfService("pay"))]).toEqual([keyOfInstance("pay", "a")]);
      expect([...store.peekInstances(keyOfService("none"))]).toEqual([]);
    });
  });

  describe("sessions", () => {
    test("a session record is kept, replaced and forgotten without a revision", async () => {
      await using store = await open(storeOptions());
      const renamed = aSession("s", { client: "renamed", fenced: [{ namespace: "default", service: "pay", id: "a" }] });
      const write = { actor: "test", cause: "register" } as const;
      const first = await store.commit({ ...write, sessions: [{ put: aSession("s") }, { put: aSession("t") }] });
      expect(first).toMatchObject({ revision: 0n, changed: false });
      await store.commit({ ...write, sessions: [{ put: renamed }, { delete: "t" }] });
      expect(store.sessions()).toEqual([renamed]);
      expect(store.snapshot()).toMatchObject({ revision: 0n, sessions: [renamed] });
    });

    test("a session record rides with the state that a commit writes", async () => {
      await using store = await open(storeOptions());
      await store.commit({ ...putting(anInstance("pay", "a")), sessions: [{ put: aSession("s") }] });
      expect(store.status().revision).toBe(1n);
      expect(store.sessions()).toEqual([aSession("s")]);
    });
  });

  describe("limits", () => {
    test("more pending commits than allowed are refused with the limit's name, and the others happen", async () => {
      await using store = await open(storeOptions({ maxPendingCommits: 2 }));
      const commits = ["a", "b", "c"].map((id) => store.commit(putting(anInstance("pay", id))));
      const [first, second, third] = await Promise.allSettled(commits);
      expect([first?.status, second?.status]).toEqual(["fulfilled", "fulfilled"]);
      expect(third).toMatchObject({
        reason: { fault: { reason: "LIMIT_EXCEEDED", limit: "max-pending-commits", max: 2 } },
      });
      expect((await store.commit(putting(anInstance("pay", "d")))).revision).toBe(3n);
    });
  });

  describe("closing", () => {
    test("waits for what was committed and refuses more", async () => {
      const store = await open(storeOptions());
      const pending = store.commit(putting(aService("pay")));
      await store[Symbol.asyncDispose]();
      expect((await pending).revision).toBe(1n);
      const error = await failureOf(() => store.commit(putting(aService("late"))));
      expect(error).toMatchObject({ fault: { reason: "SHUTTING_DOWN" } });
      await store[Symbol.asyncDispose]();
    });
  });
}
