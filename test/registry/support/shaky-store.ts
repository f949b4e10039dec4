import { pino } from "pino";
import { Registry as MetricsRegister } from "prom-client";
import { createStoreMetrics, type Store } from "../../../src/store/index.js";
import { JournaledStore } from "../../../src/store/journaled-store.js";
import { MemoryJournal } from "../../../src/store/memory/memory-journal.js";
import { type Deferred, deferred } from "../../support/deferred.js";
import type { FakeClock } from "../../support/fake-clock.js";

/** A journal that can be made to wait, and to fail, with what was accepted already. */
class ShakyJournal extends MemoryJournal {
  failing = false;
  gate: Deferred<void> | undefined;

  override async append(batch: Parameters<MemoryJournal["append"]>[0]): Promise<void> {
    await this.gate?.promise;
    if (this.failing) throw new Error("no space left on device");
    await super.append(batch);
  }

  override async recover(): Promise<void> {
    if (this.failing) throw new Error("no space left on device");
  }
}

/** A real store in memory whose disk can be slow or full. */
export interface ShakyStore {
  readonly store: Store;
  /** From now on nothing becomes durable before `release`. */
  hold(): void;
  release(): void;
  /** From now on every write fails, also of what is accepted already. */
  fail(): void;
  /** Writing works again, at the store's next try. */
  heal(): void;
}

/** Opens an empty one. */
export function openShakyStore(clock: FakeClock): ShakyStore {
  const journal = new ShakyJournal();
  const store = new JournaledStore({
    clock,
    log: pino({ level: "silent" }),
    metrics: createStoreMetrics(new MetricsRegister()),
    journal,
    identity: { storeId: "test", secret: new Uint8Array(32) },
    state: { revision: 0n, committedAtMs: 0, entities: [], sessions: [] },
    compacted: { revision: 0n, committedAtMs: 0 },
  });
  return {
    store,
    hold: () => {
      journal.gate ??= deferred();
    },
    release: () => {
      journal.gate?.resolve();
      journal.gate = undefined;
    },
    fail: () => {
      journal.failing = true;
    },
    heal: () => {
      journal.failing = false;
    },
  };
}
