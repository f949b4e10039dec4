import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChangeSet, EntityKey } from "../../../src/model/index.js";
import type { Commit, Store } from "../../../src/store/index.js";
import { anInstance, aService, keyOfInstance, keyOfService } from "../../support/entities.js";
import { storeOptions } from "../../support/store-options.js";
import { collect, fold, type OpenStore, sorted, stateOf } from "./kit.js";

type Step = { commits: Commit[] } | { compact: number } | "reopen";

const anyService = fc.constantFrom("pay", "cart");
const anyKey: fc.Arbitrary<EntityKey> = fc.oneof(
  anyService.map(keyOfService),
  fc.tuple(anyService, fc.constantFrom("a", "b", "c")).map(([service, id]) => keyOfInstance(service, id)),
);

const anyCommit: fc.Arbitrary<Commit> = fc
  .record({
    keys: fc.uniqueArray(anyKey, { maxLength: 4 }),
    deleted: fc.nat({ max: 4 }),
    version: fc.string({ maxLength: 3 }),
    expected: fc.option(fc.record({ key: anyKey, modRevision: fc.bigInt(0n, 3n) }), { nil: undefined, freq: 4 }),
  })
  .map(({ keys, deleted, version, expected }) => ({
    actor: "model",
    cause: "update",
    deletes: keys.slice(0, deleted),
    puts: keys.slice(deleted).map((key) => draftAt(key, version)),
    expect: expected ? [expected] : [],
  }));

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.array(anyCommit, { minLength: 1, maxLength: 4 }).map((commits) => ({ commits })) },
  { weight: 1, arbitrary: fc.nat({ max: 100 }).map((compact) => ({ compact })) },
  { weight: 1, arbitrary: fc.constant<Step>("reopen") },
);

function draftAt(key: EntityKey, version: string) {
  const [, , name = "", id] = key.split("/");
  return id === undefined ? aService(name, { owner: version }) : anInstance(name, id, { version });
}

/**
 * Random commits, compactions and reopenings against what the feed told: the state, the history and the revisions agree.
 *
 * @param reopen closes a store and opens it again; a store that cannot is handed back.
 */
export function modelSuite(open: OpenStore, reopen: (store: Store) => Promise<Store>, numRuns: number): void {
  test("whatever happens, state is the fold of all changes and history is what the feed brought", () =>
    fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 12 }), async (steps) => {
        let store = await open(storeOptions());
        const heard: ChangeSet[] = [];
        const listen = () => store.subscribe((changeSets) => heard.push(...changeSets));
        let unsubscribe = listen();
        for (const step of steps) {
          if (step === "reopen") {
            unsubscribe();
            store = await reopen(store);
            unsubscribe = listen();
          } else if ("compact" in step) await store.compact((store.status().revision * BigInt(step.compact)) / 100n);
          else await Promise.allSettled(step.commits.map((commit) => store.commit(commit)));
          await agree(store, heard);
        }
        await store[Symbol.asyncDispose]();
      }),
      { numRuns },
    ));
}

async function agree(store: Store, heard: readonly ChangeSet[]): Promise<void> {
  const { revision, compactedRevision } = store.status();
  expect(heard.map((changeSet) => changeSet.revision)).toEqual(heard.map((_, index) => BigInt(index + 1)));
  expect(revision).toBe(BigInt(heard.length));
  expect(sorted(stateOf(store.snapshot()))).toEqual(sorted(fold(new Map(), heard)));
  expect(await collect(store.changes({ after: compactedRevision }))).toEqual(heard.slice(Number(compactedRevision)));
  for (const service of ["pay", "cart"]) {
    const members = [...store.peekInstances(keyOfService(service))].sort();
    const keys = [...stateOf(store.snapshot()).keys()].filter((key) => key.startsWith(`instance/default/${service}/`));
    expect(members).toEqual(keys.sort());
  }
}
