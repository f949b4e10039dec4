import { existsSync, readFileSync } from "node:fs";

/** The product's version, from its package.json: beside `src/` in the sources, above `dist/` in the package. */
export function readVersion(): string {
  for (const place of ["../../package.json", "../../../package.json"]) {
    const file = new URL(place, import.meta.url);
    if (!existsSync(file)) continue;
    const { name, version } = JSON.parse(readFileSync(file, "utf8"));
    if (name === "portolan") return String(version);
  }
  return "unknown";
}
