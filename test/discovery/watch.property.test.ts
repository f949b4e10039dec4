import fc from "fast-check";
import { expect, test } from "vitest";
import type { Target } from "../../src/discovery/index.js";
import { type EntityDraft, type EntityKey, type Health, type Instance, takesCalls } from "../../src/model/index.js";
import { anInstance, aService, keyOfInstance, keyOfService } from "../support/entities.js";
import { type Bench, openBench, target, Watcher } from "./bench.js";

const SERVICES = ["x", "y"];
const service = fc.constantFrom(...SERVICES);
const id = fc.constantFrom("a", "b", "c");
/** "condemned": it says that it serves, and a probe that it does not. */
const health = fc.constantFrom<Health | "condemned">(
  ...(["serving", "serving", "degraded", "draining", "not-serving", "condemned", "condemned"] as const),
);
const probed = { health: "not-serving", reason: "probe failed" } as const;
const CONDEMNED = { health: "not-serving", voices: { probed } } as const;

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("put" as const), service, id, health, version: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("remove" as const), service, id }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete-service" as const), service }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("threshold" as const), service, percent: fc.nat(100) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("read" as const), watcher: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("resume" as const), watcher: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("bookmark" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("compact" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const even = { text: "even", matches: ({ version }: Instance) => Number(version) % 2 === 0 };
const TARGETS: readonly (readonly Target[])[] = [
  [target("x")],
  [target("x", { filter: even }), target("y")],
  [target("*")],
  [target("x"), target("x"), target("*", { filter: even })],
];

/** What each revision looked like: service -> its instances and its panic threshold; absent where there is no service. */
type World = Map<string, { readonly instances: readonly Instance[]; readonly threshold: number }>;

/** The instances that consumers are told of, and whether that is for panic. */
function toldOf({ instances, threshold }: { readonly instances: readonly Instance[]; readonly threshold: number }) {
  const takers = instances.filter(({ health: is }) => takesCalls(is));
  const condemned = instances.filter(({ voices }) => voices?.probed !== undefined);
  const panic = condemned.length > 0 && takers.length * 100 < threshold * (takers.length + condemned.length);
  return { panic, told: instances.filter((one) => takers.includes(one) || (panic && condemned.includes(one))) };
}

class Run {
  readonly worlds = new Map<bigint, World>();
  readonly watchers: Watcher[];

  constructor(readonly bench: Bench) {
    this.remember();
    this.watchers = TARGETS.map((targets) => new Watcher(bench.discovery, { targets }));
  }

  remember(): void {
    const world: World = new Map();
    for (const { service: found } of this.bench.discovery.listServices("default")) {
      const instances = this.bench.discovery.listInstances("default", found.name);
      world.set(found.name, { instances, threshold: found.panicThresholdPercent ?? 30 });
    }
    this.worlds.set(this.bench.discovery.revision, world);
  }

  async commit(puts: EntityDraft[], deletes: EntityKey[]): Promise<void> {
    await this.bench.store.commit({ actor: "test", cause: "update", puts, deletes });
    this.remember();
  }

  async apply(action: Step): Promise<void> {
    if (action.do === "put") {
      const { health: is, version } = action;
      const missing = this.bench.store.peek(keyOfService(action.service)) ? [] : [aService(action.service)];
      await this.commit(
        [...missing, anInstance(action.service, action.id, { ...healthOf(is), version: String(version) })],
        [],
      );
    } else if (action.do === "threshold") {
      if (!this.bench.store.peek(keyOfService(action.service))) return;
      await this.commit([aService(action.service, { panicThresholdPercent: action.percent })], []);
    } else if (action.do === "remove") await this.commit([], [keyOfInstance(action.service, action.id)]);
    else if (action.do === "delete-service") {
      const deletes = [...this.bench.store.peekInstances(keyOfService(action.service)), keyOfService(action.service)];
      await this.commit([], deletes);
    } else if (action.do === "read") await this.read(action.watcher);
    else if (action.do === "resume") this.resume(action.watcher);
    else if (action.do === "bookmark") this.bench.clock.advance(30_000);
    else await this.bench.store.compact(this.bench.discovery.revision);
  }

  /** Reads everything that there is for this watcher: a bookmark says when that is. */
  async read(index: number): Promise<void> {
    const watcher = this.watchers[index];
    if (!watcher) return;
    await watcher.synced();
    const reading = watcher.until(this.bench.discovery.revision);
    this.bench.clock.advance(30_000);
    await reading;
    this.check(index, watcher);
  }

  resume(index: number): void {
    const [earlier, targets] = [this.watchers[index], TARGETS[index]];
    if (!earlier || !targets) return;
    earlier.stop();
    const afterRevision = earlier.reader.revision;
    this.watchers[index] = new Watcher(this.bench.discovery, { targets, afterRevision }, earlier.reader);
  }

  /** What the reader holds is what stood at the revision that he was told. */
  check(index: number, watcher: Watcher): void {
    const world = this.worlds.get(watcher.reader.revision);
    for (const [number, { service: named, filter }] of (TARGETS[index] ?? []).entries()) {
      for (const name of named === "*" ? SERVICES : [named]) {
        const stood = world?.get(name);
        const { panic, told: all } = toldOf(stood ?? { instances: [], threshold: 0 });
        const expected = all.filter((one) => filter?.matches(one) ?? true);
        const told = [...(watcher.reader.tables.get(`${number}/${name}`)?.values() ?? [])].map(
          ({ instance }) => instance,
        );
        expect(told.sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(expected);
        expect(watcher.reader.exists.get(`${number}/${name}`) ?? false).toBe(stood !== undefined);
        expect(watcher.reader.panic.get(`${number}/${name}`) ?? false).toBe(panic);
      }
    }
  }
}

function healthOf(is: Health | "condemned"): Partial<Instance> {
  return is === "condemned" ? CONDEMNED : { health: is };
}

test("every reader holds what stood at the revision that he was told, however he read, stalled or resumed", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 60 }),
      fc.constantFrom(1, 5, 1_000),
      fc.constantFrom(1, 3, 512),
      async (steps, historyCapacity, maxPendingChanges) => {
        await using bench = await openBench({ historyCapacity, maxPendingChanges });
        const run = new Run(bench);
        for (const action of steps) await run.apply(action);
        if (bench.discovery.revision === 0n) return;
        for (const index of TARGETS.keys()) await run.read(index);
      },
    ),
    { numRuns: 300 },
  ));
