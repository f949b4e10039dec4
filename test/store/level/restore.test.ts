import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLevelStore, openMemoryStore, restoreBackup, type Store } from "../../../src/store/index.js";
import { readAcknowledged } from "../../../src/store/level/acknowledged.js";
import { aSession, collect, commitMany, failureOf, putting, sorted, stateOf } from "../../suites/store/kit.js";
import { anInstance, aService } from "../../support/entities.js";
import { storeOptions } from "../../support/store-options.js";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "portolan-restore-"));
});
afterEach(() => rm(root, { recursive: true }));

const target = () => join(root, "data");
const open = () => openLevelStore(storeOptions({ dataDir: target() }));

async function* inChunksOf(bytes: Uint8Array, size: number) {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function aStore(instances = 20): Promise<Store> {
  const store = await openMemoryStore(storeOptions());
  await commitMany(store, instances, (index) => anInstance("pay", String(index), { version: "x".repeat(index % 50) }));
  await store.commit({ ...putting(aService("pay")), sessions: [{ put: aSession("s") }] });
  return store;
}

async function fileOf(store: Store): Promise<Buffer> {
  return Buffer.concat(await collect(store.backup()));
}

test("a restored store has the state and the sessions of the backup and goes on after its revision", async () => {
  await using store = await aStore();
  const restored = await restoreBackup({ input: inChunksOf(await fileOf(store), 100), dataDir: target() });
  expect(restored).toEqual({ revision: 21n, services: 1, instances: 20, sessions: 1 });
  expect(await readdir(target())).toEqual(["state"]);
  expect(await readAcknowledged(join(target(), "state"))).toEqual({ batch: 1n, revision: 21n });
  await using copy = await open();
  expect(copy.status()).toMatchObject({ revision: 21n, compactedRevision: 21n });
  expect(sorted(stateOf(copy.snapshot()))).toEqual(sorted(stateOf(store.snapshot())));
  expect(copy.snapshot().committedAtMs).toBe(store.snapshot().committedAtMs);
  expect(copy.sessions()).toEqual(store.sessions());
  expect((await copy.commit(putting(aService("more")))).revision).toBe(22n);
});

test("a backup that is read while writes go on shows one revision", async () => {
  await using store = await aStore(3_000);
  const expected = sorted(stateOf(store.snapshot()));
  async function* whileWriting() {
    for await (const chunk of store.backup()) {
      yield chunk;
      await store.commit(putting(aService("pay", { owner: "later" }), anInstance("pay", "0"), anInstance("late", "1")));
    }
  }
  await restoreBackup({ input: whileWriting(), dataDir: target() });
  await using copy = await open();
  expect(sorted(stateOf(copy.snapshot()))).toEqual(expected);
});

test("an empty store is backed up and restored", async () => {
  await using store = await openMemoryStore(storeOptions());
  await restoreBackup({ input: store.backup(), dataDir: target() });
  await using copy = await open();
  expect(copy.status()).toMatchObject({ revision: 0n });
});

test("a bump moves the revision beyond all that the lost store can have told", async () => {
  await using store = await aStore();
  await restoreBackup({ input: store.backup(), dataDir: target(), revisionBump: 1_000n });
  await using copy = await open();
  expect(copy.status()).toMatchObject({ revision: 1_021n, compactedRevision: 1_021n });
});

test("no damage of any byte and no cut goes unnoticed, and nothing is left behind", async () => {
  await using store = await aStore(5);
  const file = await fileOf(store);
  const damage = fc.oneof(
    fc.record({ at: fc.nat({ max: file.length - 1 }), flip: fc.integer({ min: 1, max: 255 }) }),
    fc.record({ keep: fc.nat({ max: file.length - 1 }) }),
    fc.record({ append: fc.uint8Array({ minLength: 1, maxLength: 50 }) }),
  );
  await fc.assert(
    fc.asyncProperty(damage, async (how) => {
      const input = inChunksOf(damaged(file, how), 1_000);
      const error = await failureOf(() => restoreBackup({ input, dataDir: target() }));
      expect(["DAMAGED_BACKUP", "NEWER_FORMAT"]).toContain((error as { code: string }).code);
      expect(String(error)).not.toContain("\n");
      expect(String(error)).not.toMatch(/illegal tag|wire type|premature EOF|invalid varint/);
      expect(await readdir(root)).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

test("every flipped bit of the trailer is noticed", async () => {
  await using store = await aStore(1);
  const file = await fileOf(store);
  for (let at = file.length - 35; at < file.length; at++) {
    for (let bit = 1; bit < 256; bit *= 2) {
      const input = inChunksOf(damaged(file, { at, flip: bit }), 1_000);
      expect(await failureOf(() => restoreBackup({ input, dataDir: target() }))).toMatchObject({
        code: "DAMAGED_BACKUP",
      });
    }
  }
});

test.each([
  ["a script", Buffer.from("#!/bin/sh\necho this is no backup\n")],
  ["a page whose beginning no protobuf reader takes", Buffer.from(`\n${"nothing that we know. ".repeat(100)}`)],
  ["an empty file", Buffer.alloc(0)],
  ["an archive", Buffer.from("1f8b0800000000000003edfd7b", "hex")],
])("%s is refused as no backup of ours", async (_, file) => {
  const refusal = failureOf(() => restoreBackup({ input: inChunksOf(file, 10), dataDir: target() }));
  expect(await refusal).toMatchObject({
    code: "DAMAGED_BACKUP",
    message: expect.stringMatching(/^this is no portolan backup, [^\n]*$/),
  });
});

test("an input that fails leaves nothing behind", async () => {
  async function* broken() {
    yield Uint8Array.of(1);
    throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
  }
  expect(await failureOf(() => restoreBackup({ input: broken(), dataDir: target() }))).toMatchObject({ code: "IO" });
  expect(await readdir(root)).toEqual([]);
});

test("an empty directory is used, and stays empty when the restore fails", async () => {
  await using store = await aStore();
  await mkdir(target());
  await failureOf(async () =>
    restoreBackup({ input: inChunksOf((await fileOf(store)).subarray(1), 10), dataDir: target() }),
  );
  expect(await readdir(target())).toEqual([]);
  await restoreBackup({ input: store.backup(), dataDir: target() });
  expect(await readdir(target())).toEqual(["state"]);
});

test("a directory with anything in it is refused and left alone", async () => {
  await using store = await aStore();
  await mkdir(target());
  await writeFile(join(target(), "precious"), "");
  const error = await failureOf(() => restoreBackup({ input: store.backup(), dataDir: target() }));
  expect(error).toMatchObject({ code: "NOT_EMPTY" });
  expect(await readdir(target())).toEqual(["precious"]);
});

type Damage = { at: number; flip: number } | { keep: number } | { append: Uint8Array };

function damaged(file: Buffer, how: Damage): Buffer {
  if ("keep" in how) return file.subarray(0, how.keep);
  if ("append" in how) return Buffer.concat([file, how.append]);
  const copy = Buffer.from(file);
  copy[how.at] = (copy[how.at] ?? 0) ^ how.flip;
  return copy;
}
