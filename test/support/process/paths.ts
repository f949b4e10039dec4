import { fileURLToPath } from "node:url";

/** A path under the project's root. */
export function inProject(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}
