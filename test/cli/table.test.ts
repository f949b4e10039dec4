import fc from "fast-check";
import pc from "picocolors";
import { expect, test } from "vitest";
import { Columns, formatFacts, formatTable, visibleWidth } from "../../src/cli/table.js";

const colours = pc.createColors(true);

test("columns line up under their header", () => {
  const rows = [
    ["a1", "SERVING"],
    ["a-long-id", "DRAINING"],
  ];
  expect(formatTable(["ID", "HEALTH"], rows)).toBe("ID         HEALTH\na1         SERVING\na-long-id  DRAINING\n");
});

test("colours take no room in a column", () => {
  const plain = formatTable(["H", "N"], [["UP", "1"]]);
  const coloured = formatTable(["H", "N"], [[colours.green("UP"), "1"]]);
  expect(coloured).toBe(plain.replace("UP", colours.green("UP")));
  expect(visibleWidth(colours.bold(colours.red("three")))).toBe(5);
});

test("every column begins at the same place in every row, and no line ends with a space", () => {
  const cell = fc.stringMatching(/^[a-z]{1,12}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1 }), (rows) => {
      const lines = formatTable(["A", "B", "C"], rows).trimEnd().split("\n");
      const starts = lines.map((line) => [...line.matchAll(/\S+/g)].map((word) => word.index).join());
      expect(new Set(starts).size).toBe(1);
      expect(lines.every((line) => line === line.trimEnd())).toBe(true);
    }),
  );
});

test("facts line up behind their names", () => {
  expect(
    formatFacts([
      ["store", "level"],
      ["catalogue", "2 services"],
    ]),
  ).toBe("store:      level\ncatalogue:  2 services\n");
});

test("columns of a stream keep the room that they once needed", () => {
  const columns = new Columns();
  columns.widen(["checkout/a1", "x"]);
  columns.widen(["b", "y"]);
  expect(columns.format(["b", "y"])).toBe("b            y");
});
