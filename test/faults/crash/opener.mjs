// A process that may die of what it opens: see opener.ts.
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const load = fileURLToPath(new URL("./opener.ts", import.meta.url));
const { module } = await runnerImport(load, { configFile: false, logLevel: "error", oxc: { target: "node20" } });
await module.serve();
