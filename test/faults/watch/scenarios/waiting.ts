import { setTimeout as sleep } from "node:timers/promises";
import type { Spectator } from "./stage.js";

const PATIENCE_MS = 60_000;

/** Waits until a client was told, or holds, what is looked for. Rejects when it does not come. */
export async function until(condition: () => boolean, wanted: string): Promise<void> {
  const patience = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > patience) throw new Error(`waited in vain for ${wanted}`);
    await sleep(10);
  }
}

/** Waits until clients know that they have everything up to `revision`. */
export async function caughtUp(revision: number, ...spectators: readonly Spectator[]): Promise<void> {
  await until(() => spectators.every(({ view }) => view.revision >= revision), `revision ${revision}`);
}

/** Names of many instances. */
export function names(count: number, prefix = "i"): string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}-${n}`);
}
