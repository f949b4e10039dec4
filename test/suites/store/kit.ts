import type { ChangeSet, Entity, EntityDraft, EntityKey, SessionRecord } from "../../../src/model/index.js";
import { keyOf } from "../../../src/model/index.js";
import type { Commit, Snapshot, Store, StoreOptions } from "../../../src/store/index.js";

/** Opens an empty store of the kind under test. */
export type OpenStore = (options: StoreOptions) => Promise<Store>;

/** A commit of puts. */
export function putting(...puts: EntityDraft[]): Commit {
  return { actor: "test", cause: "update", puts };
}

/** A commit of deletes. */
export function deleting(...deletes: EntityKey[]): Commit {
  return { actor: "test", cause: "deregister", deletes };
}

/** A session record. */
export function aSession(id: string, fields: Partial<SessionRecord> = {}): SessionRecord {
  const tokenHash = Uint8Array.from({ length: 32 }, (_, index) => index);
  return { id, client: "test", ttlMs: 15_000, tokenHash, openedAtMs: 1_700_000_000_000, fenced: [], ...fields };
}

/** What a call fails with, at once or later; the test fails when it does not. */
export async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error("the call went well");
}

/** Everything that a stream brings until it ends. */
export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of stream) all.push(item);
  return all;
}

/** key -> entity, of a snapshot. */
export function stateOf(snapshot: Snapshot): Map<EntityKey, Entity> {
  return new Map([...snapshot.entities].map((entity) => [keyOf(entity), entity]));
}

/** What a state becomes by these change sets. */
export function fold(state: ReadonlyMap<EntityKey, Entity>, changeSets: readonly ChangeSet[]): Map<EntityKey, Entity> {
  const folded = new Map(state);
  for (const { key, after } of changeSets.flatMap(({ changes }) => changes)) {
    if (after) folded.set(key, after);
    else folded.delete(key);
  }
  return folded;
}

/** A state in an order of its own, to compare it. */
export function sorted(state: ReadonlyMap<EntityKey, Entity>): [EntityKey, Entity][] {
  return [...state].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Commits `count` updates of one instance, one revision each, that share as few batches as they can. */
export async function commitMany(store: Store, count: number, put: (index: number) => EntityDraft): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, index) => store.commit(putting(put(index)))));
}
