import { describe, expect, test } from "vitest";
import type { ChangeSet } from "../../../src/model/index.js";
import { anInstance, aService, keyOfInstance } from "../../support/entities.js";
import { storeOptions } from "../../support/store-options.js";
import { aSession, deleting, type OpenStore, putting } from "./kit.js";

/** What every store promises of its feed and its snapshots. */
export function feedSuite(open: OpenStore): void {
  describe("the feed", () => {
    test("brings every change set once, in order, with what was and what is", async () => {
      await using store = await open(storeOptions());
      const heard: ChangeSet[] = [];
      store.subscribe((changeSets) => heard.push(...changeSets));
      const key = keyOfInstance("pay", "a");
      const first = await store.commit({ actor: "me", cause: "register", puts: [anInstance("pay", "a")] });
      const second = await store.commit(putting(anInstance("pay", "a", { version: "2" })));
      await store.commit(deleting(key));
      const [a] = first.entities;
      const [b] = second.entities;
      expect(heard.map(({ revision }) => revision)).toEqual([1n, 2n, 3n]);
      expect(heard.flatMap(({ changes }) => changes)).toEqual([
        { key, after: a },
        { key, before: a, after: b },
        { key, before: b },
      ]);
      expect(heard[0]).toMatchObject({ actor: "me", cause: "register", committedAtMs: first.committedAtMs });
    });

    test("is told before the commit is answered, and reads show the change by then", async () => {
      await using store = await open(storeOptions());
      const order: string[] = [];
      store.subscribe(() => order.push(`feed at ${store.status().revision}`));
      await store.commit(putting(aService("pay"))).then(() => order.push("answer"));
      expect(order).toEqual(["feed at 1", "answer"]);
    });

    test("brings the change sets of one batch in one call", async () => {
      await using store = await open(storeOptions());
      const calls: number[] = [];
      store.subscribe((changeSets) => calls.push(changeSets.length));
      await Promise.all(["a", "b", "c"].map((id) => store.commit(putting(anInstance("pay", id)))));
      expect(calls).toEqual([3]);
    });

    test("says nothing of empty commits and of session records", async () => {
      await using store = await open(storeOptions());
      let calls = 0;
      store.subscribe(() => calls++);
      await store.commit({ actor: "test", cause: "register", sessions: [{ put: aSession("s") }] });
      await store.commit({ actor: "test", cause: "register" });
      expect(calls).toBe(0);
    });

    test("says nothing more to who unsubscribed", async () => {
      await using store = await open(storeOptions());
      let calls = 0;
      const unsubscribe = store.subscribe(() => calls++);
      await store.commit(putting(aService("pay")));
      unsubscribe();
      await store.commit(putting(aService("pay", { owner: "me" })));
      expect(calls).toBe(1);
    });

    test("goes on for the others when a listener throws", async () => {
      await using store = await open(storeOptions());
      let calls = 0;
      store.subscribe(() => {
        throw new Error("a fault of a listener");
      });
      store.subscribe(() => calls++);
      await store.commit(putting(aService("pay")));
      expect(calls).toBe(1);
    });
  });

  describe("a snapshot", () => {
    test("shows services first and then instances", async () => {
      await using store = await open(storeOptions());
      await store.commit(putting(anInstance("pay", "a"), aService("pay")));
      expect([...store.snapshot().entities].map(({ kind }) => kind)).toEqual(["service", "instance"]);
    });

    test("stays as it was while writes go on", async () => {
      await using store = await open(storeOptions());
      await store.commit(putting(anInstance("pay", "a")));
      const snapshot = store.snapshot();
      await store.commit({ ...putting(anInstance("pay", "b")), deletes: [keyOfInstance("pay", "a")] });
      const ids = [...snapshot.entities].map(({ value }) => "id" in value && value.id);
      expect([snapshot.revision, ids]).toEqual([1n, ["a"]]);
    });
  });
}
