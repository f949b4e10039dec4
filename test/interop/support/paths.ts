import { inProject } from "../../support/process/paths.js";

/** A path under what test/interop/install.sh installed. */
export function inTools(path: string): string {
  return inProject(`test/interop/.tools/${path}`);
}
