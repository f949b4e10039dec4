import { expect, test } from "vitest";
import { committedAt } from "./committed-at.js";
import { bookmark, puts, removes, Story } from "./story.js";

const story = new Story([puts("a"), puts("b"), puts("c"), removes("c")]);

test("the time of the newest change that concerns it passes; full sets and bookmarks have none", () => {
  expect(story.judge(committedAt, [story.full(1), story.change(2, ["b"]), bookmark(2)])).toEqual([]);
  expect(story.judge(committedAt, [story.full(1), story.change(4, ["b"])])).toEqual([]);
});

test("another time, and none, are found", () => {
  const found = ["1 to 2: committed at 1000, and 2 was at 2000"];
  expect(story.judge(committedAt, [story.full(1), story.change(2, ["b"], [], { committedAtMs: 1_000 })])).toEqual(
    found,
  );
  expect(story.judge(committedAt, [story.full(1), story.change(2, ["b"], [], { committedAtMs: 0 })])).toEqual([
    "1 to 2: committed at 0, and 2 was at 2000",
  ]);
});

test("a bookmark with a time is found", () => {
  expect(story.judge(committedAt, [story.full(1), bookmark(1, { committedAtMs: 7 })])).toHaveLength(1);
});
