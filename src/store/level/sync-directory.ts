import { open } from "node:fs/promises";

/** Makes the names in a directory survive power loss. Where directories cannot be synced (Windows) it does nothing. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  await using directory = await open(path, "r");
  await directory.sync();
}
