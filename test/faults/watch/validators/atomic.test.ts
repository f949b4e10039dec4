import { expect, test } from "vitest";
import { atomic } from "./atomic.js";
import { puts, Story, told } from "./story.js";

const both = [...puts("b"), ...puts("c")];
const story = new Story([puts("a"), both, puts("a", { version: "2" })]);

test("a commit in one response, or in pieces that belong together, passes", () => {
  expect(story.judge(atomic, [story.full(1), story.change(2, ["b", "c"])])).toEqual([]);
  const piece = told({ updates: [story.update(2, { put: ["b"] })] });
  expect(story.judge(atomic, [story.full(1), piece, story.change(2, ["c"])])).toEqual([]);
});

test("a commit that comes in two responses is found", () => {
  const late = { ...story.change(2, ["c"]), revision: 3 };
  const found = story.judge(atomic, [story.full(1), story.change(2, ["b"]), late]);
  expect(found).toEqual(["c of 2 came apart from what 2 told"]);
});
