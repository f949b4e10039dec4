// Rounds of figures as a table: the median of each side, its spread, and the ratio of the medians beside what it should be.
import { ROWS } from "./works.mjs";

/** Rows of the table from `rounds`: work -> peer -> figures of each round. */
export function summarize(rounds) {
  return ROWS.filter(({ work }) => rounds[work]).map((row) => {
    const ours = spreadOf(rounds[row.work].portolan, row.figure);
    const theirs = spreadOf(rounds[row.work].etcd, row.figure);
    const ratio = ours.median / theirs.median;
    return { ...row, ours, theirs, ratio, met: row.meets(ratio) };
  });
}

function spreadOf(figures, name) {
  const values = figures.map((figure) => figure[name]).sort((a, b) => a - b);
  return { median: values[values.length >> 1], least: values[0], most: values.at(-1) };
}

/** The table as Markdown. */
export function table(summary) {
  const rows = summary.map(({ what, unit, ours, theirs, ratio, atLeast, atMost, aim, met }) => {
    const bound =
      atLeast === undefined && atMost === undefined ? "" : `${atLeast ? `≥ ${atLeast}` : `≤ ${atMost}`} (aim ${aim})`;
    return [what, shown(ours, unit), shown(theirs, unit), ratio.toFixed(2), bound, bound && (met ? "yes" : "no")];
  });
  const all = [["work", "Portolan", "etcd", "ratio", "asked", "met"], ...rows];
  const widths = all[0].map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  return [line(all[0]), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...rows.map(line)].join("\n");
}

function shown({ median, least, most }, unit) {
  return least === most
    ? `${number(median)} ${unit}`
    : `${number(median)} ${unit} (${number(least)} to ${number(most)})`;
}

export function number(value) {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
