import { expect, test } from "vitest";
import { merged } from "./merged.js";
import { puts, removes, Story } from "./story.js";

const story = new Story([
  puts("a"),
  puts("a", { version: "2" }),
  puts("a", { version: "3" }),
  puts("b"),
  removes("b"),
  puts("b"),
]);

test("the count of what a merge left out passes", () => {
  expect(story.judge(merged, [story.full(1), story.change(3, ["a"], [], { merged: 1 })])).toEqual([]);
});

test("a merge that is not counted, and a count without a merge, are found", () => {
  expect(story.judge(merged, [story.full(1), story.change(3, ["a"])])).toEqual(["1 to 3: 0 merged, not 1 to 1"]);
  expect(story.judge(merged, [story.full(1), story.change(2, ["a"], [], { merged: 1 })])).toEqual([
    "1 to 2: 1 merged, not 0 to 0",
  ]);
});

test("what came and went may have been passed over before it was counted", () => {
  for (const count of [0, 2]) {
    expect(story.judge(merged, [story.full(3), story.change(6, ["b"], [], { merged: count })])).toEqual([]);
  }
});
