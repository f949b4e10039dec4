import { describe, expect, test } from "vitest";
import { anInstance, aService } from "../../support/entities.js";
import { storeOptions } from "../../support/store-options.js";
import { collect, commitMany, failureOf, type OpenStore, putting } from "./kit.js";

const MAX_CHUNK_BYTES = 1024 * 1024;

/** What every store promises of its backups; that they can be restored is tested with the restore. */
export function backupSuite(open: OpenStore): void {
  describe("a backup", () => {
    test("comes in chunks of at most 1 MiB, however large its records are", async () => {
      await using store = await open(storeOptions());
      const description = "x".repeat(700_000);
      await store.commit(putting(...["a", "b", "c"].map((name) => aService(name, { description }))));
      const chunks = await collect(store.backup());
      const total = chunks.reduce((sum, { length }) => sum + length, 0);
      expect(total).toBeGreaterThan(2_100_000);
      expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(MAX_CHUNK_BYTES);
    });

    test("ends with the reason of its signal", async () => {
      await using store = await open(storeOptions());
      await store.commit(putting(aService("pay")));
      expect(
        await failureOf(() => collect(store.backup({ signal: AbortSignal.abort(new Error("enough")) }))),
      ).toMatchObject({
        message: "enough",
      });
    });

    test("lets commits through while it is read", async () => {
      await using store = await open(storeOptions());
      await commitMany(store, 3_000, (index) => anInstance("pay", String(index), { version: "x".repeat(200) }));
      let commits = 0;
      for await (const _ of store.backup()) {
        await store.commit(putting(aService("pay", { owner: String(commits) })));
        commits++;
      }
      expect(store.status().revision).toBe(3_000n + BigInt(commits));
    });
  });
}
