import { expect, test } from "vitest";
import { ordered } from "./ordered.js";
import { bookmark, puts, Story } from "./story.js";

const story = new Story([puts("a"), puts("b"), puts("c")]);
const good = [story.full(1), story.change(2, ["b"]), bookmark(2), story.change(3, ["c"])];

test("revisions that grow pass", () => {
  expect(story.judge(ordered, good)).toEqual([]);
});

test("a revision that goes back is found", () => {
  expect(story.judge(ordered, [story.full(3), bookmark(2)])).toEqual(["went back from 3 to 2"]);
});

test("a resumed stream that begins before its revision is found", () => {
  expect(story.judge(ordered, [bookmark(1, { synced: true })], { afterRevision: 2 })).toEqual([
    "went back from 2 to 1",
  ]);
});

test("changes at a revision that was completed are found", () => {
  expect(story.judge(ordered, [...good, story.change(3, ["c"])])).toEqual(["told changes twice at 3"]);
});

test("an instance from beyond its response's revision is found", () => {
  const early = { ...story.change(3, ["c"]), revision: 2 };
  expect(story.judge(ordered, [story.full(1), early])).toEqual(["told c of 3 in a response that ends at 2"]);
});
