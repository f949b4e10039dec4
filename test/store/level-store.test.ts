import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { openLevelStore, type Store } from "../../src/store/index.js";
import { storeSuite } from "../suites/store.js";
import { storeOptions } from "../support/store-options.js";

const root = await mkdtemp(join(tmpdir(), "portolan-store-"));
/** store -> where it lies. */
const homes = new WeakMap<Store, string>();

afterAll(() => rm(root, { recursive: true }));

storeSuite({
  async open(options) {
    const dataDir = await mkdtemp(join(root, "data-"));
    const store = await openLevelStore({ ...options, dataDir });
    homes.set(store, dataDir);
    return store;
  },
  async reopen(store) {
    const dataDir = homes.get(store) ?? root;
    await store[Symbol.asyncDispose]();
    const reopened = await openLevelStore(storeOptions({ dataDir }));
    homes.set(reopened, dataDir);
    return reopened;
  },
  modelRuns: 40,
});
