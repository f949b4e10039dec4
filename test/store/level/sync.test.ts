import { Level } from "level";
import { afterEach, expect, test, vi } from "vitest";
import { openLevelStore } from "../../../src/store/index.js";
import { startDirectory } from "../../support/directory.js";
import { aService } from "../../support/entities.js";
import { storeOptions } from "../../support/store-options.js";

afterEach(() => vi.restoreAllMocks());

test("an acknowledged write was handed to LevelDB with an fsync", async () => {
  const synced = spyOnWrites();
  await using directory = await startDirectory();
  await using store = await openLevelStore({ ...storeOptions(), dataDir: directory.path });
  const before = synced.length;
  await store.commit({ actor: "test", cause: "service-put", puts: [aService("x")] });
  expect(synced.slice(before)).toEqual([true]);
});

/** Whether each batch that reaches LevelDB asks for an fsync. */
function spyOnWrites(): boolean[] {
  const synced: boolean[] = [];
  const open = Level.prototype.batch as () => { write(options?: { sync?: boolean }): Promise<void> };
  vi.spyOn(Level.prototype, "batch").mockImplementation(function (this: unknown) {
    const batch = open.call(this);
    const write = batch.write.bind(batch);
    batch.write = (options) => {
      synced.push(options?.sync === true);
      return write(options);
    };
    return batch as never;
  });
  return synced;
}
