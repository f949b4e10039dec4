// Joins what the compiler made, and the libraries of many small modules, into a few files in dist/bin: Node starts in two thirds of
// the time. What stays where npm put it is native code, and what looks for files beside its own.
import { chmodSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const JOINED = /^([./]|zod|@bufbuild\/|@connectrpc\/)/;

await build({
  input: `${dist}src/main.js`,
  platform: "node",
  external: (id) => !JOINED.test(id),
  output: { dir: `${dist}bin`, format: "esm", sourcemap: true, cleanDir: true, chunkFileNames: "[name].js" },
});
// npm links bin files as they are.
chmodSync(`${dist}bin/main.js`, 0o755);
