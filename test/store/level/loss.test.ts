import { mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encodeChangeSet, encodeLogHead } from "../../../src/store/codec/change-codec.js";
import { openLevelStore, type Store } from "../../../src/store/index.js";
import { AcknowledgedFile, readAcknowledged } from "../../../src/store/level/acknowledged.js";
import { putting as recordOf, type Write, deleting as without } from "../../../src/store/level/disk.js";
import { LevelDisk } from "../../../src/store/level/level-disk.js";
import { aSession, collect, commitMany, failureOf, putting } from "../../suites/store/kit.js";
import { startDirectory } from "../../support/directory.js";
import { anInstance, aService } from "../../support/entities.js";
import { FaultyDisk } from "../../support/faulty-disk.js";
import { storeOptions } from "../../support/store-options.js";
import { GOLDEN } from "../codec/golden.js";

let directory: Awaited<ReturnType<typeof startDirectory>>;
let dataDir: string;
beforeEach(async () => {
  directory = await startDirectory();
  dataDir = directory.path;
});
afterEach(() => directory[Symbol.asyncDispose]());

const stateFile = (name: string) => join(dataDir, "state", name);
const mark = () => stateFile("acknowledged");
const open = () => openLevelStore(storeOptions({ dataDir }));

/** Runs a store, closes it, and lets something happen to what it left. */
async function after(use: (store: Store) => Promise<unknown>, ...accidents: (() => Promise<unknown>)[]): Promise<void> {
  const store = await open();
  await use(store);
  await store[Symbol.asyncDispose]();
  for (const accident of accidents) await accident();
}

/** Writes past the store. */
async function plant(...writes: Write[]): Promise<void> {
  await using disk = await LevelDisk.open(join(dataDir, "state"));
  await disk.write(writes, { sync: true });
}

/** The record at a key. */
async function recordAt(key: string): Promise<Uint8Array> {
  await using disk = await LevelDisk.open(join(dataDir, "state"));
  return (await disk.get(key)) ?? new Uint8Array();
}

async function only(pattern: RegExp): Promise<string> {
  const [name = ""] = (await readdir(join(dataDir, "state"))).filter((found) => pattern.test(found));
  return stateFile(name);
}

const commits = async (store: Store) => {
  for (const version of ["1", "2", "3"])
    await store.commit(putting(anInstance("pay", "a", { version }), aService("pay")));
  await store.commit({ actor: "a", cause: "register", sessions: [{ put: aSession("s") }] });
};

/** Refused, twice: opening must not cover up what is missing. */
async function expectRefused(why: string): Promise<void> {
  for (let opening = 0; opening < 2; opening++) {
    const error = await failureOf(open);
    expect(error).toMatchObject({ code: "CORRUPT", message: expect.stringContaining(why) });
    expect(String(error)).toContain("run 'portolan restore FILE' with your newest backup");
    expect(String(error)).not.toContain("\n");
  }
}

test("a log that lost its end is refused, although what is left of it looks whole", async () => {
  await after(commits, async () => {
    const log = await only(/\.log$/);
    await truncate(log, (await readFile(log)).length >> 1);
  });
  await expectRefused("was written");
});

test("a lost write of a session alone is refused, too", async () => {
  await after(commits, async () => {
    const log = await only(/\.log$/);
    await truncate(log, (await readFile(log)).length - 1);
  });
  await expectRefused("sessions were written after it");
});

test("a database of which nothing is left is refused, and not taken for a new one", async () => {
  await after(commits, async () => {
    for (const name of await readdir(join(dataDir, "state"))) if (name !== "acknowledged") await rm(stateFile(name));
  });
  await expectRefused("it is empty");
});

test.each([
  ["a service", "e/service/default/pay", "0 services, and 1 were written"],
  ["an instance", "e/instance/default/pay/a", "0 instances, and 1 were written"],
  ["a session", "s/s", "0 sessions, and 1 were written"],
  ["the tally", "tally", "the record of what it holds is missing"],
])("a store in which the record of %s is missing is refused", async (_, key, why) => {
  await after(commits, () => plant(without(key)));
  await expectRefused(why);
});

test("a store in which an older instance shines through is refused", async () => {
  const key = "e/instance/default/pay/a";
  await after((store) => store.commit(putting(anInstance("pay", "a"))));
  const older = await recordAt(key);
  await after(commits, () => plant({ key, value: older }));
  await expectRefused("some of its services or instances are older");
});

test("a store in which an older session shines through is refused", async () => {
  const put = { actor: "a", cause: "register" } as const;
  await after((store) => store.commit({ ...put, sessions: [{ put: aSession("s", { client: "older" }) }] }));
  const older = await recordAt("s/s");
  await after(commits, () => plant({ key: "s/s", value: older }));
  await expectRefused("some of its sessions are older");
});

test("a store in which an older tally shines through is refused", async () => {
  await after(commits);
  const older = await recordAt("tally");
  await after(commits, () => plant({ key: "tally", value: older }));
  await expectRefused("older than was written");
});

test("a record that lies at another's key is refused", async () => {
  await after(commits, async () =>
    plant({ key: "e/instance/default/pay/b", value: await recordAt("e/instance/default/pay/a") }),
  );
  await expectRefused("the record e/instance/default/pay/b is damaged");
});

test("no byte of a record can change unnoticed", async () => {
  const key = "e/instance/default/pay/a";
  await after(commits);
  const record = await recordAt(key);
  for (let at = 0; at < record.length; at++) {
    const damaged = Uint8Array.from(record, (byte, index) => (index === at ? byte ^ 1 : byte));
    await plant({ key, value: damaged });
    expect(await failureOf(open)).toMatchObject({ message: expect.stringContaining(`the record ${key} is damaged`) });
  }
});

test("history that goes on beyond the state is refused: the state is an older one", async () => {
  const writer = new BinaryWriter();
  const head = encodeLogHead(writer, GOLDEN.committedAtMs);
  const record = Buffer.concat([head, encodeChangeSet(writer, GOLDEN).bytes]);
  await after(commits, () => plant(recordOf("l/000000000000012c", record)));
  await expectRefused("it ends at revision 3, and revision 300 was written");
});

test.each([
  ["missing in the middle", "l/0000000000000002", 2n],
  ["missing at the end", "l/0000000000000003", 3n],
  ["missing at the beginning", "l/0000000000000001", 1n],
])("history of which a record is %s begins after it, and the state is whole", async (_, key, begin) => {
  await after(commits, () => plant(without(key)));
  await using store = await open();
  expect(store.status()).toMatchObject({ revision: 3n, compactedRevision: begin });
  const revisions = (await collect(store.changes({ after: begin }))).map(({ revision }) => revision);
  expect(revisions).toEqual([1n, 2n, 3n].filter((revision) => revision > begin));
});

test("a record of history that is damaged while the store is open is told as a gap", async () => {
  await after(commits);
  const openDisk = async (location: string) => {
    const disk = new FaultyDisk(await LevelDisk.open(location));
    const entries = disk.entries.bind(disk);
    disk.entries = async (range, limit) =>
      (await entries(range, limit)).map(([key, value]) => [
        key,
        damaged && key.endsWith("2") ? value.fill(0, 9, 10) : value,
      ]);
    return disk;
  };
  let damaged = false;
  await using store = await openLevelStore({ ...storeOptions({ dataDir }), openDisk });
  damaged = true;
  const seen: bigint[] = [];
  const read = async () => {
    for await (const { revision } of store.changes({ after: 0n })) seen.push(revision);
  };
  expect(await failureOf(read)).toMatchObject({ fault: { reason: "REVISION_OUT_OF_RANGE" } });
  expect(seen).toEqual([1n]);
});

test.each([
  ["missing", () => rm(mark())],
  ["empty, as a power failure can leave it", () => truncate(mark(), 0)],
  ["torn in one of its places", () => writeFile(mark(), Buffer.alloc(100), { flag: "r+" })],
  ["damaged", async () => writeFile(mark(), Buffer.alloc((await readFile(mark())).length))],
])("a mark of acknowledged writes that is %s keeps nobody from starting", async (_, accident) => {
  await after(commits, accident);
  await using store = await open();
  expect(store.status().revision).toBe(3n);
  expect(await readAcknowledged(join(dataDir, "state"))).toMatchObject({ revision: 3n });
});

test("the mark follows what is acknowledged, without being waited for", async () => {
  await using store = await open();
  await commitMany(store, 50, (index) => anInstance("pay", String(index)));
  await expect.poll(() => readAcknowledged(join(dataDir, "state"))).toMatchObject({ revision: 50n });
});

test("a mark that is torn while it is written leaves the one before it", async () => {
  await using store = await open();
  const marked = () => readAcknowledged(join(dataDir, "state"));
  for (const revision of [1n, 2n]) {
    await store.commit(putting(aService("pay", { owner: `${revision}` })));
    await expect.poll(marked).toMatchObject({ revision });
  }
  for (const [place, left] of [
    [0, 2n],
    [4096, 1n],
  ] as const) {
    const torn = await readFile(mark());
    torn.fill(0, place, place + 4);
    await writeFile(join(dataDir, "acknowledged"), torn);
    expect(await readAcknowledged(dataDir)).toMatchObject({ revision: left });
  }
});

test("a mark that cannot be written harms nobody", async () => {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const missing = join(dataDir, "missing");
  const file = await AcknowledgedFile.open(missing, { batch: 1n, revision: 1n }, log);
  file.advance({ batch: 2n, revision: 2n });
  await file[Symbol.asyncDispose]();
  expect(lines).toHaveLength(1);
  await mkdir(missing);
  expect(await readAcknowledged(missing)).toBeUndefined();
});
