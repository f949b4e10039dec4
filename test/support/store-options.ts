import { pino } from "pino";
import { Registry } from "prom-client";
import { createStoreMetrics, type StoreOptions } from "../../src/store/index.js";
import { FakeClock } from "./fake-clock.js";

/** Options for a store under test: fake time, silent, metrics of its own; `overrides` come over them. */
export function storeOptions<T extends object = object>(overrides?: T): StoreOptions & T {
  const metrics = createStoreMetrics(new Registry());
  const options: StoreOptions = { clock: new FakeClock(), log: pino({ enabled: false }), metrics };
  return { ...options, ...(overrides ?? ({} as T)) };
}
