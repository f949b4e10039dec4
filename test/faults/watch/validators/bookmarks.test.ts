import { expect, test } from "vitest";
import { bookmarks } from "./bookmarks.js";
import { bookmark, puts, Story } from "./story.js";

const story = new Story([puts("a"), puts("b"), puts("c")]);

test("a bookmark after all that it covers passes", () => {
  const responses = [story.full(1), story.change(2, ["b"]), bookmark(2), story.change(3, ["c"])];
  expect(story.judge(bookmarks, responses)).toEqual([]);
});

test("a change that a bookmark had covered is found", () => {
  const responses = [story.full(1), bookmark(2), story.change(3, ["b", "c"])];
  expect(story.judge(bookmarks, responses)).toEqual(["told b of 2 after the bookmark 2"]);
});
