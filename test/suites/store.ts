import { pino } from "pino";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import type { EntityDraft, EntityKey } from "../../src/model/index.js";
import { createStoreMetrics, type Store, type StoreOptions } from "../../src/store/index.js";
import { FakeClock } from "../support/fake-clock.js";

/** Opens an empty store of the kind under test. */
export type OpenStore = (options: StoreOptions) => Promise<Store>;

/** Options for a store under test: fake time, silent, metrics of its own. */
export function storeOptions(overrides: Partial<StoreOptions> = {}): StoreOptions {
  const metrics = createStoreMetrics(new Registry());
  return { clock: new FakeClock(), log: pino({ enabled: false }), metrics, ...overrides };
}

/** A service to put. */
export function aService(name: string, overrides: object = {}): EntityDraft {
  const value = { namespace: "default", name, description: "", owner: "", labels: {}, grpcServices: [], ...overrides };
  return { kind: "service", value };
}

/** An instance to put. */
export function anInstance(id: string, overrides: object = {}): EntityDraft {
  const value = {
    namespace: "default",
    service: "checkout",
    id,
    endpoints: [{ name: "grpc", host: "10.0.0.5", port: 8080, protocol: "grpc", tls: false }],
    version: "1.2.3",
    labels: { team: "pay" },
    reportedHealth: "serving",
    health: "serving",
    healthReason: "",
    holder: { kind: "none" },
    registeredAtMs: 1_700_000_000_000,
    ...overrides,
  } as const;
  return { kind: "instance", value };
}

/** The key of an instance made by `anInstance`. */
export function instanceKeyOf(id: string, service = "checkout"): EntityKey {
  return `instance/default/${service}/${id}`;
}

/** What every store promises; `open` gives an empty one. */
export function storeSuite(open: OpenStore): void {
  test("a commit takes the next revision and stamps it on what it puts", async () => {
    await using store = await open(storeOptions());
    const first = await store.commit({ actor: "test", cause: "register", puts: [anInstance("a")] });
    const second = await store.commit({ actor: "test", cause: "update", puts: [anInstance("a", { version: "2" })] });
    expect([first.revision, second.revision]).toEqual([1n, 2n]);
    expect(second.entities[0]?.value).toMatchObject({ version: "2", createRevision: 1n, modRevision: 2n });
    expect([...store.snapshot().entities]).toEqual(second.entities);
  });
}
