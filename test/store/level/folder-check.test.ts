import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLevelStore } from "../../../src/store/index.js";
import { commitMany, failureOf } from "../../suites/store/kit.js";
import { startDirectory } from "../../support/directory.js";
import { anInstance } from "../../support/entities.js";
import { storeOptions } from "../../support/store-options.js";

let directory: Awaited<ReturnType<typeof startDirectory>>;
beforeEach(async () => {
  directory = await startDirectory();
});
afterEach(() => directory[Symbol.asyncDispose]());

const open = () => openLevelStore(storeOptions({ dataDir: directory.path }));
const inState = (name: string) => join(directory.path, "state", name);
const names = () => readdir(join(directory.path, "state"));

/** A store with a table, closed. */
async function makeStore(): Promise<void> {
  const store = await open();
  await commitMany(store, 20, (index) => anInstance("pay", String(index)));
  await store[Symbol.asyncDispose]();
  await (await open())[Symbol.asyncDispose](); // makes a table of LevelDB's log
}

async function expectRefused(why: string): Promise<void> {
  for (let opening = 0; opening < 2; opening++)
    expect(await failureOf(open)).toMatchObject({ code: "CORRUPT", message: expect.stringContaining(why) });
}

test("a database that lost its file CURRENT is refused, and not begun anew over what is there", async () => {
  await makeStore();
  await rm(inState("CURRENT"));
  await expectRefused("its file CURRENT is missing");
});

test.each(["MANIFEST-000077\n", "MAN", "", "MANIFEST-0000\u000004\n"])(
  "a database whose file CURRENT says %j is refused as damaged",
  async (text) => {
    await makeStore();
    await writeFile(inState("CURRENT"), text);
    await expectRefused("its file CURRENT names no file");
  },
);

test("a process that was killed while it made the database keeps the next one from nothing", async () => {
  await makeStore();
  for (const name of await names()) await rm(inState(name));
  await writeFile(inState("MANIFEST-000001"), "begun");
  await writeFile(inState("000003.log"), "");
  await using store = await open();
  expect(store.status().revision).toBe(0n);
});

test("a damaged table is refused, although LevelDB would end the process over it", async () => {
  await makeStore();
  const [table = ""] = (await names()).filter((name) => name.endsWith(".ldb"));
  const bytes = await readFile(inState(table));
  bytes.fill(0, 100, 110);
  await writeFile(inState(table), bytes);
  await expectRefused(`its table ${table} is damaged`);
});

test("a table that a killed process did not finish is no damage", async () => {
  await makeStore();
  await writeFile(inState("009999.ldb"), "begun");
  await using store = await open();
  expect(store.status().revision).toBe(20n);
});

test("a check of a folder that another process has changes nothing there, and the second one is told whose it is", async () => {
  await makeStore();
  await using _first = await open();
  await writeFile(inState("009999.ldb"), "being written");
  const before = await names();
  expect(await failureOf(open)).toMatchObject({ code: "IN_USE" });
  expect(await names()).toEqual(before);
});
