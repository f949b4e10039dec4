import { openMemoryStore } from "../../src/store/index.js";
import { storeSuite } from "../suites/store.js";

storeSuite({ open: openMemoryStore, reopen: async (store) => store, modelRuns: 100 });
