import { expect, test } from "vitest";
import { History } from "../../src/discovery/history.js";
import { anInstance, aService } from "../support/entities.js";
import { openBench } from "./bench.js";

/** Revisions of the history after one, up to another. */
async function readAll(history: History, after: bigint, until: bigint): Promise<bigint[]> {
  const revisions: bigint[] = [];
  const { signal } = new AbortController();
  for await (const { revision } of history.between(after, until, signal)) revisions.push(revision);
  return revisions;
}

test.each([
  ["many", { capacity: 10, maxBytes: 1_000_000 }, {}],
  ["large", { capacity: 1_000, maxBytes: 200_000 }, { label: "x".repeat(20_000) }],
])("recent history lets go when changes are too %s, and the store's log goes on for it", async (_, bounds, labels) => {
  await using bench = await openBench();
  let reads = 0;
  const store = new Proxy(bench.store, {
    get(real, name) {
      if (name === "changes") reads++;
      const value: unknown = Reflect.get(real, name);
      return typeof value === "function" ? value.bind(real) : value;
    },
  });
  const history = new History({ store, ...bounds });
  bench.store.subscribe((changeSets) => {
    for (const changeSet of changeSets) history.push(changeSet);
  });
  const first = await bench.put(aService("x"));
  for (let i = 0; i < 30; i++) await bench.put(anInstance("x", "a", { version: String(i), labels }));
  const last = first + 30n;
  expect(await readAll(history, last - 5n, last)).toHaveLength(5);
  expect(reads).toBe(0);
  const all = await readAll(history, first, last);
  expect(all).toEqual(Array.from({ length: 30 }, (_unused, i) => first + BigInt(i + 1)));
  expect(reads).toBe(1);
});
