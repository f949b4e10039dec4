const PAGE_SIZE = 1_000;

/** A page of any listing. */
interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken: string;
}

/**
 * Every item of a listing, a page at a time, in the listing's order.
 *
 * @param limit stops after so many; unlimited when absent.
 * @param read fetches the page that a token names; the first has an empty token.
 */
export async function* everyItem<T>(
  read: (request: { pageSize: number; pageToken: string }) => Promise<Page<T>>,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<T> {
  let pageToken = "";
  let left = limit;
  do {
    const page = await read({ pageSize: Math.min(PAGE_SIZE, left), pageToken });
    yield* page.items.slice(0, left);
    left -= page.items.length;
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && left > 0);
}

/** All of it as an array. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
