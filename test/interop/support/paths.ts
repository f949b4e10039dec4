import { fileURLToPath } from "node:url";

/** A path under the project's root. */
export function inProject(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}

/** A path under what test/interop/install.sh installed. */
export function inTools(path: string): string {
  return inProject(`test/interop/.tools/${path}`);
}
