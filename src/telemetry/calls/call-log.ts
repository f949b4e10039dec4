import type { Clock } from "../../stream/index.js";
import type { Operation } from "../disk/database.js";
import type { Collected, Flusher, Source } from "../disk/flusher.js";
import type { Sequence } from "../disk/sequence.js";
import type { Growth } from "../disk/usage.js";
import type { IntakeRule } from "../intake.js";
import type { TelemetryMetrics } from "../metrics.js";
import type { CallReport, CallStats, Intake } from "./call-stats.js";
import { CallTable, WINDOW_MS } from "./call-table.js";
import type { Cell } from "./cell.js";

/** Options of the log of calls. */
export interface CallLogOptions {
  readonly flusher: Flusher;
  readonly sequence: Sequence;
  readonly intake: IntakeRule;
  readonly clock: Clock;
  readonly metrics: TelemetryMetrics;
  readonly maxSeriesPerWindow: number;
}

/** How long after its end a window stays in memory, for reports that come late. Later ones get a record of their own. */
const GRACE_MS = 30_000;
/** Cells written in one batch. */
const BATCH_CELLS = 1_000;
/** Windows in memory at once when all of them are full; more means that many reports come late. */
const MAX_FULL_WINDOWS = 8;

/**
 * Takes reports of calls in and adds them up in windows of ten seconds.
 *
 * A report counts whole in the window that its end lies in, so consumers report every ten seconds or more often. Each entry
 * counts twice: in its own series, and rolled up by consumer and service, which is what statuses and the topology read.
 */
export class CallLog implements Source {
  readonly #options: CallLogOptions;
  readonly #series: CallTable;
  /** Series without instance and method, for calls that find their window's series full: as many as the roll-up has. */
  readonly #folded: CallTable;
  readonly #rollup: CallTable;

  constructor(options: CallLogOptions) {
    this.#options = options;
    const { sequence, maxSeriesPerWindow } = options;
    const limits = { sequence, maxSeriesPerWindow, maxCells: maxSeriesPerWindow * MAX_FULL_WINDOWS };
    this.#series = new CallTable({ table: "C", ...limits });
    this.#folded = new CallTable({ table: "C", ...limits });
    this.#rollup = new CallTable({ table: "R", ...limits });
  }

  /** Takes the entries of a report in that name a known service and lie within the retention. */
  report(report: CallReport): Intake {
    const endMs = Math.max(report.startMs, report.endMs - 1);
    let accepted = 0;
    for (const stats of report.stats) if (this.#take(stats, endMs)) accepted++;
    if (accepted > 0) this.#options.flusher.touch();
    return { accepted, rejected: report.stats.length - accepted };
  }

  /** The next cells to write; `Source`. */
  collect(): Collected | undefined {
    const table = this.#tables().find(({ dirtyCells }) => dirtyCells > 0);
    if (!table) {
      this.#forgetOld();
      return undefined;
    }
    const cells = table.takeDirty(BATCH_CELLS);
    const operations: Operation[] = [this.#options.sequence.operation()];
    const growth: Growth[] = [];
    const sizes = cells.map((cell) => this.#encode(table, cell, operations, growth));
    return { operations, growth, settled: (written) => this.#settled({ table, cells, sizes, written }) };
  }

  #take(stats: CallStats, timeMs: number): boolean {
    const service = { namespace: stats.namespace, name: stats.service };
    if (this.#options.intake.refuses("calls", service, timeMs)) return false;
    const windowMs = Math.floor(timeMs / WINDOW_MS) * WINDOW_MS;
    const folded = { ...stats, instanceId: "", method: "" };
    if (!this.#rollup.add(windowMs, folded, stats)) {
      this.#options.metrics.rejected("calls", "too_many_series", 1);
      return false;
    }
    if (!this.#series.add(windowMs, stats, stats)) {
      this.#folded.add(windowMs, folded, stats);
      this.#options.metrics.folded(1);
    }
    return true;
  }

  #encode(table: CallTable, cell: Cell, operations: Operation[], growth: Growth[]): number {
    const key = table.keyOf(cell);
    const value = cell.encode();
    const bytes = key.length + value.length;
    operations.push({ type: "put", key, value });
    growth.push({ kind: "calls", timeMs: cell.windowMs, bytes: bytes - cell.storedBytes });
    return bytes;
  }

  #settled(batch: { table: CallTable; cells: readonly Cell[]; sizes: readonly number[]; written: boolean }): void {
    if (!batch.written) {
      batch.table.putBack(batch.cells);
      this.#forgetOld();
      // The next report touches the flusher too, but there may be none.
      this.#options.flusher.touch();
      return;
    }
    this.#options.metrics.written("calls", batch.cells.length);
    batch.cells.forEach((cell, index) => {
      cell.storedBytes = batch.sizes[index] ?? 0;
    });
  }

  #forgetOld(): void {
    const beforeMs = this.#options.clock.wallMs() - WINDOW_MS - GRACE_MS;
    const lost = this.#tables().reduce((sum, table) => sum + table.forgetBefore(beforeMs), 0);
    if (lost > 0) this.#options.metrics.dropped("calls", lost);
  }

  #tables(): readonly CallTable[] {
    return [this.#rollup, this.#series, this.#folded];
  }
}
