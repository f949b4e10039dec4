import { randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";
import { DomainError } from "../model/index.js";
import type { Clock, Timer } from "../stream/index.js";
import { DEFAULT_PAGE_TTL_MS, type PageScope, type PageTokens } from "./page-tokens.js";

/** A whole listing at a revision. The items are immutable and only referred to. */
export interface Listing<T> {
  readonly revision: bigint;
  readonly items: readonly T[];
}

/** One page of a listing. */
export interface Page<T> {
  readonly revision: bigint;
  readonly items: readonly T[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/** Which page a request wants. */
export interface PageRequest {
  readonly scope: PageScope;
  /** 1 to 1,000; 0 means 100. */
  readonly pageSize: number;
  /** Empty for the first page. */
  readonly pageToken: string;
}

/** Options of a pager. */
export interface PagerOptions<T> {
  readonly tokens: PageTokens;
  readonly clock: Clock;
  /** About how many bytes an item takes in its page. */
  readonly weigh: (item: T) => number;
  /** A page ends before it gets heavier; default 3 MiB, so that clients with gRPC's default limit of 4 MiB can read it. */
  readonly maxPageBytes?: number;
  /** Listings kept at once; default 1,000. */
  readonly maxListings?: number;
  /** Items that all of them refer to together; default 4,000,000 (some 32 MB of references). */
  readonly maxItems?: number;
  /** How long a listing waits for its next page, in milliseconds; default 300,000. */
  readonly ttlMs?: number;
}

const DEFAULT_PAGE_SIZE = 100;
const DEFAULT_MAX_PAGE_BYTES = 3 * 1_024 * 1_024;
const DEFAULT_MAX_LISTINGS = 1_000;
const DEFAULT_MAX_ITEMS = 4_000_000;
const PAYLOAD = /^([0-9a-f]{16}):([0-9]{1,10})$/;

/**
 * Pages of one revision: the first page keeps the whole listing, the later ones cut from it, for as long as their tokens live;
 * so every page can be asked for again, also the last, when its answer was lost on the way.
 *
 * Its memory is bounded: the listing that waited longest goes first, and its next page is PAGE_EXPIRED. A listing that fits
 * one page is not kept.
 */
export class Pager<T> {
  readonly #tokens: PageTokens;
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #weigh: (item: T) => number;
  readonly #maxPageBytes: number;
  /** random id -> listing. */
  readonly #kept: LRUCache<string, Listing<T>>;
  #purge: Timer | undefined;

  constructor(options: PagerOptions<T>) {
    const { tokens, clock, ttlMs = DEFAULT_PAGE_TTL_MS } = options;
    this.#tokens = tokens;
    this.#clock = clock;
    this.#ttlMs = ttlMs;
    this.#weigh = options.weigh;
    this.#maxPageBytes = options.maxPageBytes ?? DEFAULT_MAX_PAGE_BYTES;
    this.#kept = new LRUCache({
      max: options.maxListings ?? DEFAULT_MAX_LISTINGS,
      maxSize: options.maxItems ?? DEFAULT_MAX_ITEMS,
      sizeCalculation: ({ items }) => items.length,
      ttl: ttlMs,
      ttlResolution: 0,
      updateAgeOnGet: true,
      perf: { now: () => clock.monotonicMs() },
    });
  }

  /** Listings that wait for their next page. */
  get kept(): number {
    return this.#kept.size;
  }

  /**
   * The page that a request wants.
   *
   * @param list makes the whole listing, sorted; only a first page calls it.
   * @throws DomainError PAGE_TOKEN_INVALID, PAGE_EXPIRED.
   */
  page({ scope, pageSize, pageToken }: PageRequest, list: () => Listing<T>): Page<T> {
    const size = pageSize === 0 ? DEFAULT_PAGE_SIZE : pageSize;
    const { id, listing, start } =
      pageToken === "" ? { id: "", listing: list(), start: 0 } : this.#resume(scope, pageToken);
    const end = this.#endOf(listing.items, start, size);
    const isLast = end >= listing.items.length;
    const nextPageToken = isLast ? "" : this.#tokens.seal(scope, `${id || this.#keep(listing)}:${end}`);
    return { revision: listing.revision, items: listing.items.slice(start, end), nextPageToken };
  }

  /** Where the page that begins at `start` ends: it has one item at least. */
  #endOf(items: readonly T[], start: number, size: number): number {
    let bytes = 0;
    for (let end = start; end < Math.min(items.length, start + size); end++) {
      bytes += this.#weigh(items[end] as T);
      if (bytes > this.#maxPageBytes && end > start) return end;
    }
    return start + size;
  }

  #keep(listing: Listing<T>): string {
    const id = randomBytes(8).toString("hex");
    this.#kept.set(id, listing);
    this.#purge ??= this.#purgeLater();
    return id;
  }

  #resume(scope: PageScope, token: string): { id: string; listing: Listing<T>; start: number } {
    const [, id = "", start = ""] = PAYLOAD.exec(this.#tokens.open(scope, token)) ?? [];
    const listing = this.#kept.get(id);
    if (!listing) throw new DomainError({ reason: "PAGE_EXPIRED" });
    return { id, listing, start: Number(start) };
  }

  /** Without it, listings that nobody goes on with would hold their items until the next one. */
  #purgeLater(): Timer {
    return this.#clock.after(this.#ttlMs, () => {
      this.#kept.purgeStale();
      this.#purge = this.#kept.size > 0 ? this.#purgeLater() : undefined;
    });
  }
}
