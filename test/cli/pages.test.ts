import fc from "fast-check";
import { expect, test } from "vitest";
import { collect, everyItem } from "../../src/cli/pages.js";

/** A listing of the numbers below `total`, at most `most` a page; `asked` records the sizes asked for. */
function listing(total: number, most: number, asked: number[] = []) {
  return async ({ pageSize, pageToken }: { pageSize: number; pageToken: string }) => {
    asked.push(pageSize);
    const from = Number(pageToken);
    const to = Math.min(total, from + Math.min(pageSize, most));
    return {
      items: Array.from({ length: to - from }, (_, at) => from + at),
      nextPageToken: to < total ? String(to) : "",
    };
  };
}

test("every item comes once, in order, whatever the size of pages, and no more than the limit", async () => {
  const size = fc.integer({ min: 1, max: 9 });
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 30 }), size, fc.integer({ min: 1, max: 40 }), async (total, most, limit) => {
      const items = await collect(everyItem(listing(total, most), limit));
      expect(items).toEqual(Array.from({ length: Math.min(total, limit) }, (_, at) => at));
    }),
  );
});

test("no page is asked for beyond the limit, and none larger than what is left of it", async () => {
  const asked: number[] = [];
  await collect(everyItem(listing(100, 4, asked), 6));
  expect(asked).toEqual([6, 2]);
});
