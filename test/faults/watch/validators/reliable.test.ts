import { describe, expect, test } from "vitest";
import { Health } from "../../../../gen/portolan/registry/v1/registry_pb.js";
import { reliable } from "./reliable.js";
import { bookmark, deletes, puts, removes, Story, target, told } from "./story.js";

const gold = {
  text: "gold",
  matches: ({ labels }: { labels: Readonly<Record<string, string>> }) => labels.tier === "gold",
};

describe("changes", () => {
  const story = new Story([puts("a"), puts("b"), puts("a", { version: "2" }), removes("b"), puts("c"), removes("c")]);
  const good = [story.full(1), story.change(2, ["b"]), story.change(3, ["a"]), story.change(4, [], ["b"]), bookmark(6)];

  test("every step passes, and so does a merge of all of them", () => {
    expect(story.judge(reliable, good)).toEqual([]);
    expect(story.judge(reliable, [story.full(1), story.change(4, ["a"])])).toEqual([]);
    expect(story.judge(reliable, [story.change(6, ["a"], ["b"])], { afterRevision: 2 })).toEqual([]);
  });

  test("a change that is left out is found", () => {
    const found = story.judge(reliable, [story.full(1), story.change(3, ["a"])]);
    expect(found).toEqual([expect.stringMatching(/^1 to 3: 0 default\/x\/b should be told as .* and is missing$/)]);
  });

  test("a bookmark over a change is found", () => {
    expect(story.judge(reliable, [story.full(1), bookmark(2)])).toEqual([
      "1 to 2: 0 default/x is missing: put b, removed ",
    ]);
  });

  test("a removal that is left out, and one that never was, are found", () => {
    expect(story.judge(reliable, [story.full(3), bookmark(4)])).toEqual([
      "3 to 4: 0 default/x is missing: put , removed b",
    ]);
    const found = story.judge(reliable, [story.full(3), story.change(4, [], ["a", "b"])]);
    expect(found).toEqual(["3 to 4: 0 default/x/a should not be removed"]);
  });

  test("an instance that came and went unseen must not be told", () => {
    const found = story.judge(reliable, [story.full(4), story.change(6, [], ["c"])]);
    expect(found).toEqual(["4 to 6: 0 default/x was told, and nothing happened"]);
  });

  test("an old state told as the new one is found", () => {
    const found = story.judge(reliable, [story.full(2), { ...story.change(1, ["a"]), revision: 3 }]);
    expect(found).toEqual([expect.stringMatching(/^2 to 3: 0 default\/x\/a should be told as/)]);
  });

  test("a revision that never was is found", () => {
    expect(story.judge(reliable, [story.full(1), bookmark(7)])).toEqual(["told revision 7, and there are 6"]);
  });
});

describe("full sets", () => {
  const story = new Story([puts("a"), puts("b"), removes("a")]);

  test("what stood passes; what is missing, and what was gone, are found", () => {
    expect(story.judge(reliable, [story.full(2)])).toEqual([]);
    expect(story.judge(reliable, [{ ...story.full(1), revision: 2 }])).toEqual([
      expect.stringContaining("x/b should be"),
    ]);
    expect(story.judge(reliable, [{ ...story.full(2), revision: 3 }])).toEqual([
      "0 to 3: 0 default/x/a should not be told",
    ]);
  });

  test("a target without its full set is found", () => {
    const found = story.judge(reliable, [told({ revision: 2, reset: true, synced: true })]);
    expect(found).toEqual(["0 to 2: 0 default/x is missing"]);
  });
});

describe("filters and health", () => {
  const story = new Story(
    [
      puts("a", { labels: { tier: "gold" } }),
      puts("b"),
      puts("a"),
      puts("c", { labels: { tier: "gold" }, health: Health.STARTING }),
    ],
    { targets: [target({ filter: gold })] },
  );

  test("who leaves the filter is removed, and who never was in it is not told", () => {
    expect(story.judge(reliable, [story.full(1), bookmark(2), story.change(3, [], ["a"]), bookmark(4)])).toEqual([]);
  });

  test("who leaves the filter and stays is found", () => {
    expect(story.judge(reliable, [story.full(1), bookmark(3)])).toEqual([
      "1 to 3: 0 default/x is missing: put , removed a",
    ]);
  });

  test("who does not match, and who takes no calls, is found", () => {
    expect(story.judge(reliable, [story.full(1), story.change(2, ["b"])])).toEqual([
      "1 to 2: 0 default/x was told, and nothing happened",
    ]);
    const found = story.judge(reliable, [bookmark(3), story.change(4, ["c"])], { afterRevision: 3 });
    expect(found).toEqual(["3 to 4: 0 default/x was told, and nothing happened"]);
  });
});

describe("services", () => {
  const story = new Story([puts("a"), deletes, puts("b")], { targets: [target({ service: "*" })] });
  const gone = (revision: number, removed: readonly string[]) =>
    told({ revision, updates: [story.update(revision, { exists: false, put: [], removed })] });

  test("one that goes with its instances and comes back passes", () => {
    expect(story.judge(reliable, [story.full(1), gone(2, ["a"]), story.change(3, ["b"])])).toEqual([]);
    expect(story.judge(reliable, [story.full(1), story.change(3, ["b"], ["a"])])).toEqual([]);
  });

  test("one that is said to exist after it went is found", () => {
    expect(story.judge(reliable, [story.full(1), story.change(2, [], ["a"])])).toEqual([
      "1 to 2: 0 default/x is said to exist",
    ]);
  });

  test("one that went in silence is found", () => {
    expect(story.judge(reliable, [story.full(1), bookmark(2)])).toEqual([
      "1 to 2: 0 default/x is missing: put , removed a",
    ]);
  });
});
