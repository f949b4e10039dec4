import {
  type Change,
  type ChangeSet,
  DomainError,
  type Entity,
  type EntityDraft,
  type EntityKey,
  keyOf,
  nameOf,
  type SessionRecord,
  serviceKey,
} from "../model/index.js";
import type { DurableView, JournalEntry } from "./journal.js";
import type { Commit, SessionWrite, Snapshot } from "./store.js";

/** What a commit comes to, before anything happened. */
export interface Decision extends JournalEntry {
  /** Why it is refused; then it changes nothing. */
  readonly conflict?: DomainError;
  /** What stands after it, in the order of its puts. */
  readonly entities: readonly Entity[];
  /** Its revision; when it changes nothing, the newest that it was decided on. */
  readonly revision: bigint;
}

/** An accepted step of a key that is not durable yet. */
interface Ahead {
  readonly revision: bigint;
  /** Undefined when the step removes it. */
  readonly entity: Entity | undefined;
}

/** State to begin with: what a journal found when it opened. */
export interface LedgerState {
  readonly revision: bigint;
  readonly committedAtMs: number;
  readonly entities: Iterable<Entity>;
  readonly sessions: Iterable<SessionRecord>;
}

/**
 * The state in memory, at two moments: what is durable, and ahead of it what was accepted since.
 *
 * Why not one map with an undo list: whatever is ahead becomes durable in order or becomes void all together, so that
 * forgetting the lead is the whole undo, and readers of the durable state need no copy.
 */
export class Ledger implements DurableView {
  readonly #services = new Map<EntityKey, Entity>();
  readonly #instances = new Map<EntityKey, Entity>();
  readonly #sessions = new Map<string, SessionRecord>();
  #revision: bigint;
  #committedAtMs: number;
  /** key -> its newest accepted step. */
  readonly #ahead = new Map<EntityKey, Ahead>();
  #aheadRevision: bigint;
  /** service key -> keys of its instances, as the next commit finds them. */
  readonly #members = new Map<EntityKey, Set<EntityKey>>();

  constructor(state: LedgerState) {
    this.#revision = state.revision;
    this.#aheadRevision = state.revision;
    this.#committedAtMs = state.committedAtMs;
    for (const entity of state.entities) this.#set(keyOf(entity), entity);
    for (const session of state.sessions) this.#sessions.set(session.id, session);
  }

  /** The newest durable revision. */
  get revision(): bigint {
    return this.#revision;
  }

  /** When the newest durable revision was committed; 0 for an empty store. */
  get committedAtMs(): number {
    return this.#committedAtMs;
  }

  /** How many durable entities there are. */
  get counts(): { readonly services: number; readonly instances: number } {
    return { services: this.#services.size, instances: this.#instances.size };
  }

  entity(key: EntityKey): Entity | undefined {
    return this.#durable(key).get(key);
  }

  session(id: string): SessionRecord | undefined {
    return this.#sessions.get(id);
  }

  /** The entity as the next commit finds it. */
  peek(key: EntityKey): Entity | undefined {
    const ahead = this.#ahead.get(key);
    return ahead ? ahead.entity : this.entity(key);
  }

  /** Keys of a service's instances as the next commit finds them. */
  peekInstances(key: EntityKey): Iterable<EntityKey> {
    return this.#members.get(key) ?? [];
  }

  sessions(): readonly SessionRecord[] {
    return [...this.#sessions.values()];
  }

  /** The durable state, copied by reference. */
  snapshot(): Snapshot {
    return {
      revision: this.#revision,
      committedAtMs: this.#committedAtMs,
      entities: [...this.#services.values(), ...this.#instances.values()],
      sessions: this.sessions(),
    };
  }

  /**
   * What a commit would come to now. Changes nothing.
   *
   * @throws TypeError when the commit names a key twice.
   */
  decide(commit: Commit, nowMs: number): Decision {
    const sessions = commit.sessions ?? [];
    const conflict = this.#conflict(commit);
    if (conflict) return { conflict, entities: [], sessions: [], revision: this.#aheadRevision };
    const revision = this.#aheadRevision + 1n;
    const puts = (commit.puts ?? []).map((draft) => this.#stamp(draft, revision));
    const changes = [...puts, ...this.#removals(commit.deletes ?? [])];
    assertUniqueKeys(changes);
    const entities = puts.map((change) => change.after);
    if (changes.length === 0) return { entities, sessions, revision: this.#aheadRevision };
    const { actor, cause } = commit;
    return { entities, sessions, revision, changeSet: { revision, committedAtMs: nowMs, actor, cause, changes } };
  }

  /** Takes what `decide` answered, in the same tick, as what the next commit finds. */
  accept(decision: Decision): void {
    const { changeSet } = decision;
    if (!changeSet) return;
    this.#aheadRevision = changeSet.revision;
    for (const { key, before, after } of changeSet.changes) {
      this.#ahead.set(key, { revision: changeSet.revision, entity: after });
      if (!before || !after) this.#index(key, after ?? before, after !== undefined);
    }
  }

  /** Makes accepted entries the durable state, in the order of their acceptance. */
  advance(entry: JournalEntry): void {
    if (entry.changeSet) this.#apply(entry.changeSet);
    for (const write of entry.sessions) this.#applySession(write);
  }

  /** Forgets everything that is not durable. */
  rollback(): void {
    for (const [key, { entity }] of this.#ahead) {
      const durable = this.entity(key);
      this.#index(key, durable ?? entity, durable !== undefined);
    }
    this.#ahead.clear();
    this.#aheadRevision = this.#revision;
  }

  #apply(changeSet: ChangeSet): void {
    this.#revision = changeSet.revision;
    this.#committedAtMs = changeSet.committedAtMs;
    for (const { key, after } of changeSet.changes) {
      if (after) this.#durable(key).set(key, after);
      else this.#durable(key).delete(key);
      if (this.#ahead.get(key)?.revision === changeSet.revision) this.#ahead.delete(key);
    }
  }

  #applySession(write: SessionWrite): void {
    if ("put" in write) this.#sessions.set(write.put.id, write.put);
    else this.#sessions.delete(write.delete);
  }

  #set(key: EntityKey, entity: Entity): void {
    this.#durable(key).set(key, entity);
    this.#index(key, entity, true);
  }

  #durable(key: EntityKey): Map<EntityKey, Entity> {
    return key.startsWith("s") ? this.#services : this.#instances;
  }

  #index(key: EntityKey, entity: Entity | undefined, present: boolean): void {
    if (entity?.kind !== "instance") return;
    const service = serviceKey({ namespace: entity.value.namespace, name: entity.value.service });
    const members = this.#members.get(service);
    if (present && members) members.add(key);
    else if (present) this.#members.set(service, new Set([key]));
    else if (members?.delete(key) && members.size === 0) this.#members.delete(service);
  }

  #conflict(commit: Commit): DomainError | undefined {
    for (const { key, modRevision } of commit.expect ?? []) {
      const actual = this.peek(key)?.value.modRevision ?? 0n;
      if (actual !== modRevision)
        return new DomainError({ reason: "REVISION_CONFLICT", name: nameOf(key), expected: modRevision, actual });
    }
    return undefined;
  }

  #stamp(draft: EntityDraft, revision: bigint): Change & { readonly after: Entity } {
    const key = keyOf(draft);
    const before = this.peek(key);
    const revisions = { createRevision: before?.value.createRevision ?? revision, modRevision: revision };
    const after = stamped(draft, revisions);
    return before ? { key, before, after } : { key, after };
  }

  #removals(keys: readonly EntityKey[]): Change[] {
    return [...new Set(keys)].flatMap((key) => {
      const before = this.peek(key);
      return before ? [{ key, before }] : [];
    });
  }
}

/** Object.assign and not a spread: a spread that adds properties leaves V8's fast path and takes eight times as long. */
function stamped(draft: EntityDraft, revisions: Pick<Entity["value"], "createRevision" | "modRevision">): Entity {
  return draft.kind === "service"
    ? { kind: "service", value: Object.assign({}, draft.value, revisions) }
    : { kind: "instance", value: Object.assign({}, draft.value, revisions) };
}

function assertUniqueKeys(changes: readonly Change[]): void {
  if (changes.length < 2) return;
  const seen = new Set<EntityKey>();
  for (const { key } of changes) {
    if (seen.has(key)) throw new TypeError(`a commit names ${key} twice`);
    seen.add(key);
  }
}
