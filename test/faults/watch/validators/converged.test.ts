import { expect, test } from "vitest";
import { ClientView } from "../record/client-view.js";
import type { Told } from "../record/told.js";
import { converged } from "./converged.js";
import { bookmark, deletes, puts, removes, Story, told } from "./story.js";

const story = new Story([puts("a"), puts("b"), removes("a")]);

function after(...responses: readonly Told[]): string[] {
  const view = new ClientView();
  for (const response of responses) view.take(response);
  return converged(story.watching, view, story.truth);
}

test("a client who was told everything holds what stands", () => {
  expect(after(story.full(1), story.change(3, ["b"], ["a"]))).toEqual([]);
});

test("a client who holds what is gone, or lacks what is there, is found", () => {
  expect(after(story.full(2), bookmark(3))).toEqual(["0 default/x/a is held, and is gone"]);
  expect(after(story.full(1), story.change(3, [], ["a"]))).toEqual([
    expect.stringContaining("0 default/x/b is held as"),
  ]);
});

test("pieces that were not completed count for nothing", () => {
  const piece = told({ updates: [story.update(3, { put: ["b"], removed: ["a"] })] });
  expect(after(story.full(1), piece)).not.toEqual([]);
});

test("a client who believes in a service that is gone is found", () => {
  const ended = new Story([puts("a"), deletes]);
  const view = new ClientView();
  view.take(ended.full(1));
  expect(converged(ended.watching, view, ended.truth)).toContain("0 default/x is thought to exist");
});
