import { readFileSync } from "node:fs";
import { inProject } from "./process/paths.js";

/** What proto/README.md says of a reason. */
export interface Documented {
  /** As gRPC spells it: "NOT_FOUND". */
  readonly code: string;
  /** The google.rpc messages beside ErrorInfo: "BadRequest". */
  readonly details: readonly string[];
}

/** Every reason that proto/README.md lists -> what it says of it. */
export const DOCUMENTED: ReadonlyMap<string, Documented> = new Map(
  readFileSync(inProject("proto/README.md"), "utf8")
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const reason = section.slice(0, section.indexOf("\n")).trim();
      const code = /^Code: `(\w+)`/m.exec(section)?.[1] ?? "";
      const details = [...(/^Details: (.*)$/m.exec(section)?.[1] ?? "").matchAll(/`(\w+)`/g)];
      return [reason, { code, details: details.map(([, name = ""]) => name) }];
    }),
);
