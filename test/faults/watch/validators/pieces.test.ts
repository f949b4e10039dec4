import { expect, test } from "vitest";
import { pieces } from "./pieces.js";
import { bookmark, puts, Story, told } from "./story.js";

const story = new Story([puts("a"), puts("b")]);
const piece = told({ reset: true, updates: [story.update(1, { reset: true, put: ["a"] })] });
const last = told({ revision: 2, synced: true, updates: [story.update(2, { put: ["b"] })] });

test("pieces with reset on the first and the revision on the last pass", () => {
  expect(story.judge(pieces, [piece, last, bookmark(2)])).toEqual([]);
});

test("a reset in the middle is found", () => {
  expect(story.judge(pieces, [piece, { ...last, reset: true }])).toEqual(["reset in the middle of pieces"]);
});

test.each([{ merged: 1 }, { committedAtMs: 5 }])("a piece with %o is found", (more) => {
  expect(story.judge(pieces, [{ ...piece, ...more }, last])).toEqual(["a piece says what belongs to the end"]);
});
