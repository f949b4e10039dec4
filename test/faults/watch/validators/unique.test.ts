import { expect, test } from "vitest";
import { puts, removes, Story } from "./story.js";
import { unique } from "./unique.js";

const story = new Story([puts("a"), puts("b"), puts("a", { version: "2" }), removes("a"), puts("a", { version: "3" })]);

test("each change told once passes, also where an instance comes back", () => {
  const responses = [story.full(2), story.change(3, ["a"]), story.change(4, [], ["a"]), story.change(5, ["a"])];
  expect(story.judge(unique, responses)).toEqual([]);
});

test("a change told twice is found", () => {
  expect(story.judge(unique, [story.full(1), story.change(2, ["a"])])).toEqual(["told 0 default/x/a of 1 twice"]);
});

test("a change told again after a resume is found", () => {
  const responses = [story.change(2, ["b"], [], { synced: true })];
  expect(story.judge(unique, responses, { afterRevision: 2 })).toEqual(["told 0 default/x/b of 2 twice"]);
});

test("a removal told twice is found", () => {
  const responses = [story.full(3), story.change(4, [], ["a"]), story.change(5, [], ["a"])];
  expect(story.judge(unique, responses)).toEqual(["removed 0 default/x/a twice"]);
});

test("full sets after a reset may tell everything again", () => {
  expect(story.judge(unique, [story.full(2)], { afterRevision: 2 })).toEqual([]);
});
