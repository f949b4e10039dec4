import { expect, test } from "vitest";
import { bookmark, puts, Story, told } from "./story.js";
import { synced } from "./synced.js";

const story = new Story([puts("a"), puts("b")]);
const piece = told({ reset: true, updates: [story.update(1, { reset: true, put: ["a"] })] });

test("synced once, on what completes the start, passes", () => {
  expect(story.judge(synced, [story.full(1), bookmark(1)])).toEqual([]);
  expect(story.judge(synced, [piece, bookmark(1, { synced: true })])).toEqual([]);
});

test("synced twice is found", () => {
  expect(story.judge(synced, [story.full(1), bookmark(2, { synced: true })])).toEqual(["synced came twice"]);
});

test("synced on a piece is found", () => {
  expect(story.judge(synced, [{ ...piece, synced: true }])).toEqual(["synced came on a piece"]);
});

test("a revision before synced is found", () => {
  const found = story.judge(synced, [bookmark(1), bookmark(2, { synced: true })]);
  expect(found).toEqual(["revision 1 came before synced"]);
});

test("a live stream that was told nothing, or never all, is found; one that broke early is not", () => {
  expect(story.judge(synced, [])).toEqual(["the first message never came"]);
  expect(story.judge(synced, [piece])).toEqual(["synced never came"]);
  expect(story.judge(synced, [piece], { live: false })).toEqual([]);
});
