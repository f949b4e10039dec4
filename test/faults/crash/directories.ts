import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { openLevelStore, type Store } from "../../../src/store/index.js";
import { aSession } from "../../suites/store/kit.js";
import { anInstance, aService, keyOfInstance } from "../../support/entities.js";
import { storeOptions } from "../../support/store-options.js";
import type { Random } from "../support/campaign.js";
import type { Victim } from "./damage.js";
import { type Memory, Recorder } from "./memory.js";

/** How a directory comes to be. */
export interface Making {
  /** How often the store is opened: each time LevelDB makes a table of its log, and from four on it merges them. */
  readonly openings: number;
  readonly commitsEach: number;
  /** Before the last opening, history is forgotten up to this share of the revisions, 0 to 1. */
  readonly compacted: number;
}

/** Fills a store with everything that it can hold, and answers what it holds. */
export async function makeDirectory(
  dataDir: string,
  random: Random,
  making: Making,
  recorder = new Recorder(),
): Promise<Memory> {
  let memory: Memory | undefined;
  for (let opening = 1; opening <= making.openings; opening++) {
    await using store = await openLevelStore(storeOptions({ dataDir }));
    recorder.attend(store);
    for (let index = 0; index < making.commitsEach; index++) await commitSome(store, random);
    if (opening === making.openings - 1) await compact(store, making.compacted);
    memory = recorder.remember(store);
  }
  if (!memory) throw new RangeError("a directory is opened at least once");
  return memory;
}

async function compact(store: Store, share: number): Promise<void> {
  const revision = BigInt(Math.floor(Number(store.status().revision) * share));
  if (revision > 0n) await store.compact(revision);
}

/** The files of a store that hold something. */
export async function victimsIn(dataDir: string): Promise<Victim[]> {
  const files = (await readdir(join(dataDir, "state"))).filter((name) => !/^(LOCK|LOG.*)$/.test(name)).sort();
  const paths = files.map((name) => join("state", name));
  return Promise.all(paths.map(async (file) => ({ file, length: (await stat(join(dataDir, file))).size })));
}

/** A batch of a few commits: puts, updates, deletes, sessions. */
export async function commitSome(store: Store, random: Random): Promise<void> {
  await Promise.all(
    Array.from({ length: 1 + random.below(4) }, () => {
      const id = `i${random.below(12)}`;
      const service = random.pick(["pay", "cart"]);
      const version = "x".repeat(random.below(60));
      const session = { put: aSession(`s${random.below(5)}`, { client: version }) };
      const how = random.below(6);
      if (how === 0) return store.commit({ actor: "a", cause: "deregister", deletes: [keyOfInstance(service, id)] });
      if (how === 1) return store.commit({ actor: "a", cause: "register", sessions: [session] });
      if (how === 2)
        return store.commit({ actor: "a", cause: "service-put", puts: [aService(service, { owner: version })] });
      const puts = [anInstance(service, id, { version }), anInstance(service, `${id}-twin`, { version })];
      return store.commit({ actor: "a", cause: "update", puts, ...(how === 3 && { sessions: [session] }) });
    }),
  );
}
