import { numberedKey } from "../disk/keys.js";
import type { Sequence } from "../disk/sequence.js";
import type { CallSeriesKey, CallStats } from "./call-stats.js";
import { Cell } from "./cell.js";

/** The finest stretch of time that calls are kept in, in milliseconds. */
export const WINDOW_MS = 10_000;

/** Options of a table. */
export interface CallTableOptions {
  /** `C` for every series, `R` for those rolled up by consumer and service. */
  readonly table: "C" | "R";
  readonly sequence: Sequence;
  /** The most series of one window. */
  readonly maxSeriesPerWindow: number;
  /** The most cells in memory, all windows together. */
  readonly maxCells: number;
}

/** Series by window, in memory until they are written and can hardly grow any more. */
export class CallTable {
  readonly #options: CallTableOptions;
  /** window start in ms -> series key as text -> its cell. */
  readonly #windows = new Map<number, Map<string, Cell>>();
  readonly #dirty = new Set<Cell>();
  #cells = 0;

  constructor(options: CallTableOptions) {
    this.#options = options;
  }

  /** Cells that changed since they were written. */
  get dirtyCells(): number {
    return this.#dirty.size;
  }

  /** Adds calls to the series in a window; false when there are too many series already. */
  add(windowMs: number, series: CallSeriesKey, stats: Pick<CallStats, "callsByCode" | "latency">): boolean {
    const key = seriesText(series);
    const cell = this.#windows.get(windowMs)?.get(key) ?? this.#create(windowMs, key, series);
    if (!cell) return false;
    cell.add(stats);
    this.#dirty.add(cell);
    return true;
  }

  /** Up to `limit` cells that changed; they count as written until `putBack`. */
  takeDirty(limit: number): Cell[] {
    const taken: Cell[] = [];
    for (const cell of this.#dirty) {
      if (taken.length >= limit) break;
      this.#dirty.delete(cell);
      taken.push(cell);
    }
    return taken;
  }

  /** Cells that could not be written: they are taken again. */
  putBack(cells: readonly Cell[]): void {
    for (const cell of cells) this.#dirty.add(cell);
  }

  /** Forgets windows that began before a moment; answers how many of their cells were never written. */
  forgetBefore(ms: number): number {
    let lost = 0;
    for (const [windowMs, cells] of this.#windows) {
      if (windowMs >= ms) continue;
      for (const cell of cells.values()) if (this.#dirty.delete(cell)) lost++;
      this.#cells -= cells.size;
      this.#windows.delete(windowMs);
    }
    return lost;
  }

  /** The key of a cell. */
  keyOf(cell: Cell): Uint8Array {
    return numberedKey(this.#options.table, cell.windowMs, cell.sequence);
  }

  #create(windowMs: number, key: string, series: CallSeriesKey): Cell | undefined {
    const window = this.#windows.get(windowMs) ?? new Map<string, Cell>();
    if (window.size >= this.#options.maxSeriesPerWindow || this.#cells >= this.#options.maxCells) return undefined;
    const cell = new Cell(windowMs, this.#options.sequence.take(), series);
    this.#windows.set(windowMs, window.set(key, cell));
    this.#cells++;
    return cell;
  }
}

/** The parts joined by a character that names cannot hold; the method, which may hold anything, comes last. */
function seriesText(series: CallSeriesKey): string {
  const { consumerNamespace, consumer, namespace, service, instanceId, method } = series;
  return `${consumerNamespace}\0${consumer}\0${namespace}\0${service}\0${instanceId}\0${method}`;
}
