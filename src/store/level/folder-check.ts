import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { liveTables } from "./tables/manifest.js";
import { checkTable } from "./tables/table-check.js";

/** LevelDB's tables, and its logs: in them lies what was written. */
const DATA = /\.(ldb|log)$/;

/**
 * Makes sure that LevelDB can read a folder, and reads what lies there. Without its file CURRENT it would begin anew, over
 * the old files; with one that names another file it would fail as if the machine were at fault; and over a damaged table
 * it can end the process. Changes nothing, so that another process may have the folder.
 *
 * Tables that the database does not count in are passed over: a process that is killed can leave one unfinished.
 *
 * @throws RangeError when something is damaged, or files of a database are there and the way to them is not.
 */
export async function checkFolder(location: string): Promise<void> {
  const names = await namesIn(location);
  if (names.includes("CURRENT")) await checkTables(location, names);
  else if (await holdsData(location, names)) throw new RangeError("its file CURRENT is missing");
}

async function namesIn(location: string): Promise<readonly string[]> {
  return readdir(location).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
}

/** A process that is killed while it makes a database leaves files without content. */
async function holdsData(location: string, names: readonly string[]): Promise<boolean> {
  const files = await Promise.all(names.filter((name) => DATA.test(name)).map((name) => stat(join(location, name))));
  return files.some(({ size }) => size > 0);
}

async function checkTables(location: string, names: readonly string[]): Promise<void> {
  const current = await readFile(join(location, "CURRENT"), "utf8");
  if (!current.endsWith("\n") || !names.includes(current.slice(0, -1)))
    throw new RangeError("its file CURRENT names no file");
  for (const table of liveTables(await readFile(join(location, current.slice(0, -1))))) {
    const name = `${String(table).padStart(6, "0")}.ldb`;
    if (names.includes(name)) await checkFile(location, name); // LevelDB itself misses what is not there
  }
}

async function checkFile(location: string, name: string): Promise<void> {
  const table = await readFile(join(location, name));
  try {
    checkTable(table);
  } catch (cause) {
    throw new RangeError(`its table ${name} is damaged`, { cause });
  }
}
