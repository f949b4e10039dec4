import { openMemoryStore } from "../../src/store/index.js";
import { storeSuite } from "../suites/store.js";

storeSuite(openMemoryStore);
