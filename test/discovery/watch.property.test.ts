import fc from "fast-check";
import { expect, test } from "vitest";
import type { Target } from "../../src/discovery/index.js";
import { type EntityDraft, type EntityKey, type Health, type Instance, takesCalls } from "../../src/model/index.js";
import { anInstance, aService, keyOfInstance, keyOfService } from "../support/entities.js";
import { type Bench, openBench, target, Watcher } from "./bench.js";

const SERVICES = ["x", "y"];
const service = fc.constantFrom(...SERVICES);
const id = fc.constantFrom("a", "b", "c");
const health = fc.constantFrom<Health>("serving", "serving", "degraded", "draining", "not-serving");

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("put" as const), service, id, health, version: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("remove" as const), service, id }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete-service" as const), service }) },
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

/** What each revision looked like: "service" -> "id@modRevision" of what may be called; absent where there is no service. */
type World = Map<string, Instance[]>;

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
      world.set(found.name, this.bench.discovery.listInstances("default", found.name));
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
        [...missing, anInstance(action.service, action.id, { health: is, version: String(version) })],
        [],
      );
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
        const expected = (stood ?? []).filter((i) => takesCalls(i.health) && (filter?.matches(i) ?? true));
        const told = [...(watcher.reader.tables.get(`${number}/${name}`)?.values() ?? [])].map(
          ({ instance }) => instance,
        );
        expect(told.sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(expected);
        expect(watcher.reader.exists.get(`${number}/${name}`) ?? false).toBe(stood !== undefined);
      }
    }
  }
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
