import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Level } from "level";
import { expect, test } from "vitest";
import { liveTables } from "../../../../src/store/level/tables/manifest.js";
import { checkTable } from "../../../../src/store/level/tables/table-check.js";
import { startDirectory } from "../../../support/directory.js";

test("each table that LevelDB makes of its log is live", async () => {
  await using directory = await startDirectory();
  for (let opening = 0; opening < 4; opening++) {
    await write(directory.path, opening, {});
    const tables = await tablesIn(directory.path);
    expect(tables).toHaveLength(opening); // from four on they would be merged
    expect([...(await liveIn(directory.path))].sort()).toEqual(tables.sort());
  }
});

test("the live tables are there and whole, however often tables are merged", async () => {
  await using directory = await startDirectory();
  const ever = new Set<number>();
  for (let opening = 0; opening < 12; opening++) {
    await write(directory.path, opening, { writeBufferSize: 64 * 1024, maxFileSize: 64 * 1024 });
    const live = await liveIn(directory.path);
    for (const table of live) checkTable(await readFile(join(directory.path, `${String(table).padStart(6, "0")}.ldb`)));
    for (const table of live) ever.add(table);
  }
  expect(ever.size).toBeGreaterThan((await liveIn(directory.path)).size); // some were merged away
});

test("a manifest that was cut counts in what its whole records say", () => {
  expect(liveTables(new Uint8Array())).toEqual(new Set());
  expect(liveTables(Uint8Array.of(1, 2, 3, 4, 5, 0, 1, 9))).toEqual(new Set());
});

async function write(path: string, seed: number, options: object): Promise<void> {
  const level = new Level<string, string>(path, options);
  await level.open();
  for (let index = 0; index < 300; index++) await level.put(`${(index * 7919 + seed) % 1_000}`, `${index}`.repeat(100));
  await level.close();
}

async function liveIn(path: string): Promise<ReadonlySet<number>> {
  const [manifest = ""] = (await readdir(path)).filter((name) => name.startsWith("MANIFEST"));
  return liveTables(await readFile(join(path, manifest)));
}

async function tablesIn(path: string): Promise<number[]> {
  return (await readdir(path)).filter((name) => name.endsWith(".ldb")).map((name) => Number.parseInt(name, 10));
}
