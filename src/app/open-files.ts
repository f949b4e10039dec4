import { readFileSync } from "node:fs";

/** How many files, connections among them, the system lets this process have open; undefined where it does not tell. */
export function openFilesLimit(read: () => string = readLimits): number | undefined {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(read())?.[1];
    return limit === undefined ? undefined : Number(limit);
  } catch {
    return undefined;
  }
}

/** Linux alone has it. */
function readLimits(): string {
  return readFileSync("/proc/self/limits", "utf8");
}
