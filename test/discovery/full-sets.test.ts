import { expect, test } from "vitest";
import { FullSets } from "../../src/discovery/full-sets.js";
import type { Discovered, ServiceUpdate } from "../../src/discovery/index.js";
import { writeWatchBatch } from "../../src/rpc/translate/index.js";
import { written } from "../rpc/translate/written.js";
import { anInstance } from "../support/entities.js";

const MAX_BYTES = 128 * 1024;

function selection(count: number, labels: Record<string, string> = { env: "prod" }): Discovered[] {
  return Array.from({ length: count }, (_, i) => {
    const draft = anInstance("x", `i-${i}`, { labels });
    if (draft.kind !== "instance") throw new TypeError("not an instance");
    return { instance: { ...draft.value, createRevision: 1n, modRevision: 1n }, priority: 0, effectiveWeight: 100 };
  });
}

function set(put: readonly Discovered[], service = "x"): ServiceUpdate {
  return { target: 0, namespace: "default", service, exists: true, reset: true, put, removed: [], panic: false };
}

const bytesOf = (updates: readonly ServiceUpdate[]) =>
  written((writer) =>
    writeWatchBatch(writer, { revision: 0n, updates, synced: false, committedAtMs: 0, merged: 0, reset: false }),
  ).length;

test("no piece of full sets is larger than what a reader who stands still may hold", () => {
  const pieces = new FullSets().pieces([
    set(selection(2_000)),
    set(selection(3)),
    set(selection(500, { a: "ü".repeat(900) })),
  ]);
  expect(pieces.length).toBeGreaterThan(5);
  expect(Math.max(...pieces.map(bytesOf))).toBeLessThanOrEqual(MAX_BYTES);
});

test("small sets share a piece, and a set that is cut resets once", () => {
  const fullSets = new FullSets();
  const small = fullSets.pieces(Array.from({ length: 50 }, (_, i) => set(selection(2), `s-${i}`)));
  expect(small.map((piece) => piece.length)).toEqual([50]);
  const large = fullSets.pieces([set(selection(2_000))]).flat();
  expect(large.map(({ reset }) => reset)).toEqual([true, ...large.slice(1).map(() => false)]);
  expect(large.flatMap(({ put }) => put)).toHaveLength(2_000);
});

test("those who begin to watch the same are handed the same lists", () => {
  const fullSets = new FullSets();
  const put = selection(2_000);
  const [one, two] = [fullSets.pieces([set(put)]).flat(), fullSets.pieces([set(put)]).flat()];
  expect(one.every((update, i) => update.put === two[i]?.put)).toBe(true);
});

test("an empty set and one that does not exist are told too", () => {
  expect(new FullSets().pieces([set([]), { ...set([]), exists: false }])).toMatchObject([
    [{ put: [] }, { exists: false }],
  ]);
});
