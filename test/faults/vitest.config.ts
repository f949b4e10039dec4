import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { TOTAL_SECONDS } from "./support/campaign.js";

export default defineConfig({
  test: {
    root: fileURLToPath(new URL("../..", import.meta.url)),
    include: ["test/faults/**/*.{faults,test}.ts"],
    // Each file loads a server of its own to the limit: two at once would only disturb each other.
    fileParallelism: false,
    testTimeout: 60_000 + TOTAL_SECONDS * 1_000,
    hookTimeout: 60_000,
  },
});
