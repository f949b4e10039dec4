// A process to be killed: opens the store in the directory of its argument and commits until it dies.
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const load = fileURLToPath(new URL("./committer.ts", import.meta.url));
const { module } = await runnerImport(load, { configFile: false, logLevel: "error", oxc: { target: "node20" } });
await module.commitForever(process.argv[2]);
