import type { Store } from "../../src/store/index.js";
import { backupSuite } from "./store/backups.js";
import { commitSuite } from "./store/commits.js";
import { feedSuite } from "./store/feed.js";
import { historySuite } from "./store/history.js";
import type { OpenStore } from "./store/kit.js";
import { modelSuite } from "./store/model.js";

/** The kind of store under test. */
export interface StoreUnderTest {
  /** Opens an empty one. */
  readonly open: OpenStore;
  /** Closes one and opens it again; a store without a disk is handed back as it is. */
  readonly reopen: (store: Store) => Promise<Store>;
  /** How many random histories it is held against. */
  readonly modelRuns: number;
}

/** What every store promises. */
export function storeSuite({ open, reopen, modelRuns }: StoreUnderTest): void {
  commitSuite(open);
  feedSuite(open);
  historySuite(open);
  backupSuite(open);
  modelSuite(open, reopen, modelRuns);
}
