import type { LatencyHistogram } from "./call-stats.js";

/**
 * The most bounds that a merged histogram keeps. Beyond it the histogram falls back to `FALLBACK_BOUNDS`.
 *
 * Clients of one SDK share their bounds, so that a merge normally adds counts and nothing else.
 */
export const MAX_BOUNDS = 128;

/** 0.1 ms to about 200 s, each bound a quarter of an octave above the last: a percentile is wrong by 19 % at most. */
const FALLBACK_BOUNDS: readonly number[] = Array.from({ length: 85 }, (_, index) => 0.1 * 2 ** (index / 4));

/**
 * Latencies of many reports, added up.
 *
 * Within a bucket latencies count as evenly spread. Under that reading, histograms with different bounds merge without an
 * error: the sum gets the bounds of both, and each bucket is split in proportion (hence fractions). What one histogram
 * counts above its highest bound goes into the next bucket above, where the other has one.
 */
export class Histogram implements LatencyHistogram {
  #bounds: readonly number[] = [];
  #counts: number[] = [];
  #sumMs = 0;

  get boundsMs(): readonly number[] {
    return this.#bounds;
  }

  get counts(): readonly number[] {
    return this.#counts;
  }

  get sumMs(): number {
    return this.#sumMs;
  }

  /** Adds another histogram. */
  add(other: LatencyHistogram): void {
    if (other.counts.length === 0) return;
    this.#sumMs += other.sumMs;
    if (this.#counts.length === 0) {
      this.#bounds = other.boundsMs;
      this.#counts = [...other.counts];
    } else if (sameBounds(this.#bounds, other.boundsMs)) {
      other.counts.forEach((count, index) => {
        this.#counts[index] = (this.#counts[index] ?? 0) + count;
      });
    } else {
      this.#rebase(other);
    }
  }

  /**
   * The latency that a share of the calls stays below, in milliseconds, interpolated within its bucket. 0 without calls; the
   * highest bound when it lies above.
   *
   * @param share 0 to 1.
   */
  quantile(share: number): number {
    const total = this.#counts.reduce((sum, count) => sum + count, 0);
    if (total === 0) return 0;
    const rank = share * total;
    let below = 0;
    for (const [index, bound] of this.#bounds.entries()) {
      const count = this.#counts[index] ?? 0;
      if (count > 0 && below + count >= rank) {
        const lower = index === 0 ? 0 : (this.#bounds[index - 1] ?? 0);
        return lower + (bound - lower) * Math.max(0, (rank - below) / count);
      }
      below += count;
    }
    return this.#bounds.at(-1) ?? 0;
  }

  #rebase(other: LatencyHistogram): void {
    const union = [...new Set([...this.#bounds, ...other.boundsMs])].sort((a, b) => a - b);
    const bounds = union.length <= MAX_BOUNDS ? union : FALLBACK_BOUNDS;
    const mine = spread(this.#bounds, this.#counts, bounds);
    const theirs = spread(other.boundsMs, other.counts, bounds);
    this.#bounds = bounds;
    this.#counts = mine.map((count, index) => count + (theirs[index] ?? 0));
  }
}

function sameBounds(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((bound, index) => bound === b[index]));
}

/** The counts over other bounds: each bucket's calls in proportion to how it overlaps with the new ones. */
function spread(from: readonly number[], counts: readonly number[], to: readonly number[]): number[] {
  const result = new Array<number>(to.length + 1).fill(0);
  let first = 0;
  for (const [index, count] of counts.entries()) {
    const lower = index === 0 ? 0 : (from[index - 1] ?? 0);
    const upper = from[index];
    while (first < to.length && (to[first] ?? 0) <= lower) first++;
    if (upper === undefined) result[first] = (result[first] ?? 0) + count;
    else spreadBucket({ lower, upper, count }, to, first, result);
  }
  return result;
}

interface Bucket {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

function spreadBucket(bucket: Bucket, to: readonly number[], first: number, result: number[]): void {
  const width = bucket.upper - bucket.lower;
  for (let index = first; index <= to.length; index++) {
    const low = Math.max(bucket.lower, index === 0 ? Number.NEGATIVE_INFINITY : (to[index - 1] ?? 0));
    const high = Math.min(bucket.upper, to[index] ?? Number.POSITIVE_INFINITY);
    const share = width > 0 ? (high - low) / width : 1;
    result[index] = (result[index] ?? 0) + bucket.count * Math.max(0, share);
    if (high >= bucket.upper) return;
  }
}
