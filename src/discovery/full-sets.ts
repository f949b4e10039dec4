import type { Discovered, ServiceUpdate } from "./discovery.js";
import { cutBySize, instanceBytes } from "./pieces.js";

/**
 * What one response of full sets encodes to, at most. Far below what clients take, because a reader who stands still holds one
 * response in memory, and HTTP/2 lets him have 64 KiB before he reads.
 */
const MAX_PIECE_BYTES = 128 * 1024;
/** The most that a service's names and flags take. */
const UPDATE_BYTES = 300;

interface Run {
  readonly put: readonly Discovered[];
  readonly bytes: number;
}

/** Full sets in pieces. Those who begin to watch the same are handed the same lists, which are then encoded once. */
export class FullSets {
  /** what a view selects of a service -> the same in runs. */
  readonly #runs = new WeakMap<readonly Discovered[], readonly Run[]>();

  /** Updates packed into pieces, one at least. A service that is cut goes on with an update that does not reset. */
  pieces(sets: readonly ServiceUpdate[]): ServiceUpdate[][] {
    let piece: ServiceUpdate[] = [];
    let bytes = 0;
    const all = [piece];
    for (const set of sets) {
      for (const [index, run] of this.#runsOf(set.put).entries()) {
        bytes += run.bytes + UPDATE_BYTES;
        if (bytes > MAX_PIECE_BYTES && piece.length > 0) {
          piece = [];
          all.push(piece);
          bytes = run.bytes + UPDATE_BYTES;
        }
        piece.push({ ...set, put: run.put, reset: index === 0 });
      }
    }
    return all;
  }

  #runsOf(put: readonly Discovered[]): readonly Run[] {
    const known = this.#runs.get(put);
    if (known) return known;
    const lists = cutBySize(put, ({ instance }) => instanceBytes(instance), MAX_PIECE_BYTES);
    const runs = lists.length > 1 ? lists.map(toRun) : [toRun(put)];
    this.#runs.set(put, runs);
    return runs;
  }
}

function toRun(put: readonly Discovered[]): Run {
  return { put, bytes: put.reduce((sum, { instance }) => sum + instanceBytes(instance), 0) };
}
