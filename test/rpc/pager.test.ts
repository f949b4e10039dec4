import fc from "fast-check";
import { expect, test } from "vitest";
import { DomainError } from "../../src/model/index.js";
import { createPageTokens } from "../../src/rpc/page-tokens.js";
import { Pager, type PagerOptions } from "../../src/rpc/pager.js";
import { FakeClock } from "../support/fake-clock.js";

const scope = Buffer.from("listing");

function open(options: Partial<PagerOptions<number>> = {}) {
  const clock = new FakeClock();
  const tokens = createPageTokens({ secret: Buffer.alloc(32, 7), clock });
  return { clock, tokens, pager: new Pager<number>({ clock, tokens, weigh: () => 1, ...options }) };
}

const listing = (length: number, revision = 1n) => ({ revision, items: Array.from({ length }, (_, index) => index) });
const first = { scope, pageSize: 10, pageToken: "" };

function reasonOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return error instanceof DomainError ? error.fault.reason : String(error);
  }
}

test("pages put together are the listing, whatever their sizes, and one listing is kept at most", () => {
  fc.assert(
    fc.property(fc.nat(300), fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1 }), (length, sizes) => {
      const { pager } = open();
      const seen: number[] = [];
      let pageToken = "";
      for (let turn = 0; turn === 0 || pageToken !== ""; turn++) {
        const pageSize = sizes[turn % sizes.length] ?? 1;
        const page = pager.page({ scope, pageSize, pageToken }, () => listing(length));
        expect(page.items.length).toBeLessThanOrEqual(pageSize);
        seen.push(...page.items);
        pageToken = page.nextPageToken;
      }
      expect(seen).toEqual(listing(length).items);
      expect(pager.kept).toBeLessThanOrEqual(1);
    }),
  );
});

test("every page shows the revision of the first, and the list is made once", () => {
  const { pager } = open();
  const page = pager.page(first, () => listing(25, 7n));
  const next = pager.page({ ...first, pageToken: page.nextPageToken }, () => expect.unreachable("made again"));
  expect(next).toMatchObject({ revision: 7n, items: listing(25).items.slice(10, 20) });
});

test.each([35, 15])("the same page can be asked for again, the last one too: %i items", (length) => {
  const { pager } = open();
  const { nextPageToken: pageToken } = pager.page(first, () => listing(length));
  const again = () => pager.page({ ...first, pageToken }, () => expect.unreachable("made again")).items;
  expect(again()).toEqual(again());
});

test("a listing that fits one page is not kept", () => {
  const { pager } = open();
  expect(pager.page(first, () => listing(10)).nextPageToken).toBe("");
  expect(pager.kept).toBe(0);
});

test("a page has 100 entries unless its request says otherwise", () => {
  expect(open().pager.page({ ...first, pageSize: 0 }, () => listing(101)).items).toHaveLength(100);
});

test("the listing that waited longest makes room, and its next page has expired", () => {
  const { pager } = open({ maxListings: 2 });
  const [oldest, newer] = [1, 2, 3].map(() => pager.page(first, () => listing(25)).nextPageToken);
  expect(pager.kept).toBe(2);
  expect(reasonOf(() => pager.page({ ...first, pageToken: oldest ?? "" }, () => listing(0)))).toBe("PAGE_EXPIRED");
  expect(reasonOf(() => pager.page({ ...first, pageToken: newer ?? "" }, () => listing(0)))).toBeUndefined();
});

test("the items of all listings together are bounded", () => {
  const { pager } = open({ maxItems: 60 });
  for (let count = 0; count < 10; count++) pager.page(first, () => listing(25));
  expect(pager.kept).toBe(2);
});

test("a listing that nobody goes on with is let go after five minutes, and no timer stays", () => {
  const { pager, clock } = open();
  pager.page(first, () => listing(25));
  clock.advance(600_001);
  expect(pager.kept).toBe(0);
  expect(clock.pending).toBe(0);
});

test("a listing stays for as long as its pages are asked for", () => {
  const { pager, clock } = open();
  let { nextPageToken } = pager.page(first, () => listing(60));
  for (let turn = 0; turn < 4; turn++) {
    clock.advance(200_000);
    nextPageToken = pager.page({ ...first, pageToken: nextPageToken }, () => listing(0)).nextPageToken;
  }
  expect(nextPageToken).not.toBe("");
});

test("a page ends before it gets too heavy, and has one entry at least", () => {
  const { pager } = open({ weigh: (item) => item, maxPageBytes: 10 });
  const pages: (readonly number[])[] = [];
  let pageToken = "";
  do {
    const page = pager.page({ ...first, pageToken }, () => ({ revision: 1n, items: [1, 9, 1, 50, 60, 2, 3] }));
    pages.push(page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  expect(pages).toEqual([[1, 9], [1], [50], [60], [2, 3]]);
});
