import { writeSync } from "node:fs";
import { pino } from "pino";
import { Registry } from "prom-client";
import { createStoreMetrics, openLevelStore, type Store } from "../../../src/store/index.js";
import { systemClock } from "../../../src/stream/index.js";
import { aSession } from "../../suites/store/kit.js";
import { anInstance, keyOfInstance } from "../../support/entities.js";

const COMMITTERS = 20;

/** One line for each commit that was answered, written before anything else happens. */
export interface Acknowledged {
  readonly id: string;
  readonly revision: string;
  /** Absent when the commit deleted it. */
  readonly version?: string;
}

/** Commits puts, deletes and session records, some of them in one commit, from several sides, until the process ends. */
export async function commitForever(dataDir: string): Promise<void> {
  const log = pino({ enabled: false });
  const metrics = createStoreMetrics(new Registry());
  const store = await openLevelStore({ dataDir, clock: systemClock, log, metrics, compactionIntervalMs: 20 });
  await Promise.all(Array.from({ length: COMMITTERS }, (_, number) => commitAs(store, `i${number}`)));
}

async function commitAs(store: Store, id: string): Promise<void> {
  for (let round = 0; ; round++) {
    const version = `${store.status().revision}-${round}`;
    const twin = anInstance("pay", `${id}-twin`, { version });
    const puts = [anInstance("pay", id, { version }), twin];
    const sessions = [{ put: aSession(id, { client: version }) }];
    const { revision } = await store.commit({ actor: id, cause: "update", puts, sessions });
    acknowledge({ id, revision: String(revision), version });
    if (round % 5 > 0) continue;
    const deletes = [keyOfInstance("pay", id), keyOfInstance("pay", `${id}-twin`)];
    const gone = await store.commit({ actor: id, cause: "deregister", deletes });
    acknowledge({ id, revision: String(gone.revision) });
  }
}

function acknowledge(line: Acknowledged): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}
