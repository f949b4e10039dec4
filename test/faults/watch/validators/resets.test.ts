import { describe, expect, test } from "vitest";
import { resets } from "./resets.js";
import { bookmark, puts, Story, told } from "./story.js";

const story = new Story([puts("a"), puts("b"), puts("c")]);
const compacted = (revision: number) => ({ compactions: [{ revision, askedMs: -2, answeredMs: -1 }] });
const resumed = bookmark(3, { synced: true });

describe("at the start", () => {
  test("reset passes from nothing, from a revision never reached, and where history is gone", () => {
    expect(story.judge(resets, [story.full(3)])).toEqual([]);
    expect(story.judge(resets, [story.full(3)], { afterRevision: 99 })).toEqual([]);
    expect(story.judge(resets, [story.full(3)], { afterRevision: 1 }, compacted(2))).toEqual([]);
    expect(story.judge(resets, [story.full(3)], { afterRevision: 1 }, { historyMaxRevisions: 1 })).toEqual([]);
  });

  test("no reset passes where history is there, also at the very edge of the compaction", () => {
    expect(story.judge(resets, [resumed], { afterRevision: 2 })).toEqual([]);
    expect(story.judge(resets, [resumed], { afterRevision: 2 }, compacted(2))).toEqual([]);
  });

  test("a reset without a reason is found", () => {
    const found = ["reset, although history after 2 is there"];
    expect(story.judge(resets, [story.full(3)], { afterRevision: 2 })).toEqual(found);
    expect(story.judge(resets, [story.full(3)], { afterRevision: 2 }, compacted(2))).toEqual(found);
  });

  test("a missing reset is found", () => {
    expect(story.judge(resets, [resumed])).toEqual(["no reset at a start from nothing"]);
    expect(story.judge(resets, [resumed], { afterRevision: 99 })).toEqual([
      "no reset after 99, which was never reached",
    ]);
    const found = story.judge(resets, [resumed], { afterRevision: 1 }, compacted(2));
    expect(found).toEqual(["no reset, although history after 1 was gone"]);
  });
});

describe("under way", () => {
  const restated = told({ revision: 3, updates: [story.update(3, { reset: true, put: ["a", "b", "c"] })] });

  test("reset is found", () => {
    expect(story.judge(resets, [story.full(1), story.full(3)])).toContain("reset at 3, in the middle of the stream");
  });

  test("full sets pass where history went, and are found where it did not", () => {
    expect(story.judge(resets, [story.full(1), restated], {}, compacted(2))).toEqual([]);
    const found = story.judge(resets, [story.full(1), restated], {}, compacted(1));
    expect(found).toEqual(["full sets at 3, although history after 1 is there"]);
  });
});
