import { existsSync, readFileSync } from "node:fs";

/** Folders between this file and the package's root, at most. */
const MAX_DEPTH = 5;

/** The product's version, from its package.json: some folders up, in the sources as in what is built of them. */
export function readVersion(): string {
  let folder = new URL("./", import.meta.url);
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    folder = new URL("../", folder);
    const file = new URL("package.json", folder);
    if (!existsSync(file)) continue;
    const { name, version } = JSON.parse(readFileSync(file, "utf8"));
    if (name === "portolan") return String(version);
  }
  return "unknown";
}
