import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLevelStore, StoreOpenError } from "../../../src/store/index.js";
import { putting as recordOf, type Write } from "../../../src/store/level/disk.js";
import { encodeFormat, migrate, newFormat } from "../../../src/store/level/format.js";
import { FORMAT_KEY } from "../../../src/store/level/keys.js";
import { LevelDisk } from "../../../src/store/level/level-disk.js";
import { loadFormat } from "../../../src/store/level/load.js";
import {
  aSession,
  collect,
  commitMany,
  deleting,
  failureOf,
  putting,
  sorted,
  stateOf,
} from "../../suites/store/kit.js";
import { anInstance, aService, keyOfInstance } from "../../support/entities.js";
import { FakeClock } from "../../support/fake-clock.js";
import { storeOptions } from "../../support/store-options.js";

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "portolan-restart-"));
});
afterEach(() => rm(dataDir, { recursive: true }));

const open = (limits = {}) => openLevelStore(storeOptions({ dataDir, ...limits }));
const stateDir = () => join(dataDir, "state");

test("a restart changes nothing: state, sessions, revisions, history, secret", async () => {
  const before = await open();
  await commitMany(before, 30, (index) => anInstance("pay", String(index % 5), { version: String(index) }));
  await before.commit({ ...deleting(keyOfInstance("pay", "3")), sessions: [{ put: aSession("s") }] });
  await before.compact(7n);
  const snapshot = before.snapshot();
  const history = await collect(before.changes({ after: 7n }));
  await before[Symbol.asyncDispose]();

  await using after = await open();
  expect(after.status()).toEqual(before.status());
  expect(after.snapshot()).toMatchObject({ revision: 31n, committedAtMs: snapshot.committedAtMs });
  expect(sorted(stateOf(after.snapshot()))).toEqual(sorted(stateOf(snapshot)));
  expect(after.sessions()).toEqual([aSession("s")]);
  expect(await collect(after.changes({ after: 7n }))).toEqual(history);
  expect(after.secret).toEqual(before.secret);
  expect((await after.commit(putting(aService("pay")))).revision).toBe(32n);
});

test("a store whose whole history was forgotten goes on at its revision", async () => {
  const before = await open();
  await commitMany(before, 3, () => aService("pay"));
  await before.compact(3n);
  await before[Symbol.asyncDispose]();
  await using after = await open();
  expect(after.status()).toMatchObject({ revision: 3n, compactedRevision: 3n });
  expect(after.snapshot().committedAtMs).toBe(before.snapshot().committedAtMs);
  expect((await after.commit(putting(aService("pay")))).revision).toBe(4n);
});

test("history that was forgotten leaves the disk", async () => {
  const store = await open();
  for (let index = 0; index < 10; index++) await store.commit(putting(aService("pay")));
  await store.compact(9n);
  await store.compact(0n); // stands in line behind the dropping of the first
  await store[Symbol.asyncDispose]();
  await using disk = await LevelDisk.open(stateDir());
  expect(await disk.keys({ gte: "l/", lt: "l0" }, 100)).toEqual(["l/000000000000000a"]);
});

test("a second process on the same directory is refused in one clear line", async () => {
  await using _first = await open();
  const error = await failureOf(() => open());
  expect(error).toBeInstanceOf(StoreOpenError);
  expect(error).toMatchObject({ code: "IN_USE", message: expect.stringContaining("another portolan process") });
});

test("a store of a newer format is refused, and says what it needs", async () => {
  await (await open())[Symbol.asyncDispose]();
  await plant(recordOf(FORMAT_KEY, encodeFormat({ ...newFormat(), version: 2 })));
  expect(await failureOf(() => open())).toMatchObject({
    code: "NEWER_FORMAT",
    message: "the store has format 2, and this portolan reads formats up to 1: use a newer portolan",
  });
});

test("a store of an older format is migrated one version at a time, and remembers each", async () => {
  await using disk = await LevelDisk.open(stateDir());
  const old = { ...newFormat(), version: 3 };
  await disk.write([recordOf(FORMAT_KEY, encodeFormat(old))], { sync: true });
  const seen: number[] = [];
  const step = async () => void seen.push((await loadFormat(disk)).version);
  const migrated = await migrate(disk, old, 5, new Map([3, 4].map((version) => [version, step])));
  expect(seen).toEqual([3, 4]);
  expect(migrated).toEqual({ ...old, version: 5 });
  expect(await loadFormat(disk)).toEqual(migrated);
});

test("a record that is none is refused as damage, with the way to a restore", async () => {
  const store = await open();
  await store.commit(putting(aService("pay")));
  await store[Symbol.asyncDispose]();
  await plant(recordOf("e/service/default/pay", Uint8Array.of(255, 255, 255)));
  const error = await failureOf(() => open());
  expect(error).toMatchObject({ code: "CORRUPT", message: expect.stringContaining("portolan restore") });
  expect(String(error)).not.toContain("\n");
});

test("damaged files are refused as damage", async () => {
  await (await open())[Symbol.asyncDispose]();
  const manifests = (await readdir(stateDir())).filter((name) => name.startsWith("MANIFEST"));
  for (const name of manifests) await writeFile(join(stateDir(), name), "this is no manifest at all");
  expect(await failureOf(() => open())).toMatchObject({ code: "CORRUPT" });
});

test("a directory of something else is refused", async () => {
  {
    await using disk = await LevelDisk.open(stateDir());
    await disk.write([{ key: "foreign", value: Uint8Array.of(1) }], { sync: true });
  }
  expect(await failureOf(() => open())).toMatchObject({ code: "CORRUPT" });
});

test("a path that cannot be a directory is refused in one line", async () => {
  await writeFile(join(dataDir, "file"), "");
  const error = await failureOf(() => openLevelStore(storeOptions({ dataDir: join(dataDir, "file") })));
  expect(error).toMatchObject({ code: "IO", message: expect.stringContaining("cannot be opened") });
});

test("a record of history that cannot be read is told as forgotten, with all before it, and never as nothing", async () => {
  const before = await open();
  for (let index = 0; index < 3; index++) await before.commit(putting(aService("pay")));
  await before[Symbol.asyncDispose]();
  await plant({ key: "l/0000000000000002", value: Uint8Array.of(255) });
  await using after = await open();
  expect(after.status()).toMatchObject({ revision: 3n, compactedRevision: 2n });
  expect(await failureOf(() => collect(after.changes({ after: 0n })))).toMatchObject({
    fault: { reason: "REVISION_OUT_OF_RANGE" },
  });
  expect((await collect(after.changes({ after: 2n }))).map(({ revision }) => revision)).toEqual([3n]);
});

test("a record of history that cannot be read does not keep compaction from going on", async () => {
  const clock = new FakeClock();
  const before = await open({ clock });
  for (let index = 0; index < 3; index++) await before.commit(putting(aService("pay")));
  await before[Symbol.asyncDispose]();
  await plant({ key: "l/0000000000000002", value: Uint8Array.of(255) });
  await using after = await open({ clock });
  clock.advance(3_600_000);
  expect(await after.compact(0n)).toBe(3n);
});

/** Writes past the store. */
async function plant(...writes: Write[]): Promise<void> {
  await using disk = await LevelDisk.open(stateDir());
  await disk.write(writes, { sync: true });
}
