import { type WatchResponse, WatchResponseSchema } from "../../../gen/portolan/discovery/v1/discovery_pb.js";
import type { Context } from "../context.js";
import { formatCount, formatHead } from "../format.js";
import { Columns } from "../table.js";
import { formatDelay, type ViewLine, WatchView } from "../watch-view.js";

/** Prints responses as lines for people, or whole for programs. */
export class WatchPrinter {
  readonly #context: Context;
  readonly #verbose: boolean;
  readonly #view: WatchView;
  readonly #columns = new Columns();
  #live = false;

  /** @param verbose prints bookmarks too. */
  constructor(context: Context, verbose: boolean) {
    this.#context = context;
    this.#verbose = verbose;
    this.#view = new WatchView(context.palette);
  }

  /** Prints a response; resolves when the reader keeps up. */
  async print(response: WatchResponse): Promise<void> {
    const isBookmark = response.updates.length === 0 && !response.synced && !response.reset;
    if (isBookmark && !this.#verbose) return;
    await this.#context.out.item(WatchResponseSchema, response, () => this.#lines(response, isBookmark).join(""));
  }

  #lines(response: WatchResponse, isBookmark: boolean): string[] {
    const { palette, io } = this.#context;
    const nowMs = io.clock.wallMs();
    const delay = this.#live ? formatDelay(response, nowMs) : "";
    const changes = this.#view.apply(response);
    const head = formatHead(response, nowMs, palette);
    const lines = this.#format(changes, delay).map((line) => `${head}  ${line}\n`);
    if (response.synced) lines.push(`${head}  ${this.#syncedText()}\n`);
    if (isBookmark) lines.push(`${head}  ${palette.dim("bookmark")}\n`);
    if (response.synced) this.#live = true;
    return lines;
  }

  /** What is said of a service stands outside the columns of instances. */
  #format(changes: readonly ViewLine[], delay: string): string[] {
    const rows = changes.map((line) => ({ line, cells: this.#row(line, delay) }));
    for (const { line, cells } of rows) if (line.sign !== "!") this.#columns.widen(cells);
    return rows.map(({ line, cells }) => (line.sign === "!" ? cells.join("  ") : this.#columns.format(cells)));
  }

  #row(line: ViewLine, delay: string): string[] {
    const { palette } = this.#context;
    const colour = { "+": palette.green, "~": palette.yellow, "-": palette.red, "!": palette.magenta }[line.sign];
    return [`${colour(line.sign)} ${line.name}`, ...line.cells, ...(delay === "" ? [] : [palette.dim(delay)])];
  }

  #syncedText(): string {
    const { instances, services } = this.#view.counts();
    return this.#context.palette.bold(
      `synced: ${formatCount(instances, "instance")} of ${formatCount(services, "service")}`,
    );
  }
}
