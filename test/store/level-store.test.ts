import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLevelStore } from "../../src/store/index.js";
import { storeSuite } from "../suites/store.js";

storeSuite(async (options) =>
  openLevelStore({ ...options, dataDir: await mkdtemp(join(tmpdir(), "portolan-store-")) }),
);
