/** Matches what colours add to a text and a terminal does not show. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with a control character
const COLOURS = /\u001b\[[0-9;]*m/g;

/** How many columns of a terminal a text takes, colours not counted. */
export function visibleWidth(text: string): number {
  return [...text.replace(COLOURS, "")].length;
}

/**
 * Rows under a header, in columns that line up, two spaces apart.
 *
 * @param rows as many cells as the header has; colours are allowed.
 * @returns lines, each ended with a newline.
 */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = new Columns();
  const all = [header, ...rows];
  for (const row of all) columns.widen(row);
  return all.map((row) => `${columns.format(row)}\n`).join("");
}

/** "name: value" lines whose values line up. */
export function formatFacts(facts: readonly (readonly [name: string, value: string])[]): string {
  const columns = new Columns();
  const rows = facts.map(([name, value]) => [`${name}:`, value]);
  for (const row of rows) columns.widen(row);
  return rows.map((row) => `${columns.format(row)}\n`).join("");
}

/** Column widths that only grow: lines of a stream line up as soon as its longest cells were seen. */
export class Columns {
  /** column number -> widest cell so far. */
  readonly #widths: number[] = [];

  /** Makes room for a row. */
  widen(row: readonly string[]): void {
    for (const [column, cell] of row.entries()) {
      this.#widths[column] = Math.max(this.#widths[column] ?? 0, visibleWidth(cell));
    }
  }

  /** The row as one line, without spaces at its end. */
  format(row: readonly string[]): string {
    const cells = row.map(
      (cell, column) => cell + " ".repeat(Math.max(0, (this.#widths[column] ?? 0) - visibleWidth(cell))),
    );
    return cells.join("  ").trimEnd();
  }
}
