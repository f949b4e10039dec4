import type { Resource } from "../resource.js";
import type { Subscriber, Topic } from "../topic.js";
import type { ResourceType } from "../types.js";
import { type Entry, newEntry } from "./entry.js";
import { type Interest, NO_INTEREST } from "./interest.js";

/** Where resources come from, for one node. */
export interface TopicSource {
  open(type: ResourceType, name: string, subscriber: Subscriber): Topic;
  close(topic: Topic, subscriber: Subscriber): void;
  openMembers(type: ResourceType, subscriber: Subscriber): readonly string[];
  closeMembers(type: ResourceType, subscriber: Subscriber): void;
}

/** All names of one type on one stream, and of which of them something may have to be said. */
export class Entries implements Subscriber {
  readonly type: ResourceType;
  readonly #topics: TopicSource;
  readonly #wake: () => void;
  /** name -> entry; also those of which the client is still to be told that they are gone. */
  readonly #all = new Map<string, Entry>();
  readonly #changed = new Set<Entry>();
  #interest: Interest = NO_INTEREST;

  /** @param wake called when something may have to be said that was not asked for. */
  constructor(type: ResourceType, topics: TopicSource, wake: () => void) {
    this.type = type;
    this.#topics = topics;
    this.#wake = wake;
  }

  get interest(): Interest {
    return this.#interest;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Those of which something may have to be said. */
  get changed(): ReadonlySet<Entry> {
    return this.#changed;
  }

  get(name: string): Entry | undefined {
    return this.#all.get(name);
  }

  [Symbol.iterator](): IterableIterator<Entry> {
    return this.#all.values();
  }

  /**
   * Wants this from now on. What is wanted no more is left at once: the client dropped it, and need not be told that it is gone.
   *
   * @param asked names that are to be answered, whatever the client has.
   */
  want(interest: Interest, asked: Iterable<string>): void {
    const before = this.#interest;
    this.#interest = interest;
    if (interest !== before) this.#change(before, interest);
    for (const name of asked) this.owe(name);
  }

  #change(before: Interest, interest: Interest): void {
    for (const name of before.names) if (!interest.names.has(name)) this.#drop(name, { explicit: false });
    // Whoever asks anew is answered, although he may have been told before: he may have let go of it meanwhile.
    for (const name of interest.names) if (!before.names.has(name)) this.#set(name, { explicit: true, owed: true });
    if (interest.wildcard && !before.wildcard) {
      for (const name of this.#topics.openMembers(this.type, this)) this.#set(name, { member: true });
    } else if (before.wildcard && !interest.wildcard) {
      this.#topics.closeMembers(this.type, this);
      for (const name of [...this.#all.keys()]) this.#drop(name, { member: false });
    }
  }

  /** What is known of a name is to be said again; nothing for a name that is not wanted. */
  owe(name: string): void {
    const entry = this.#all.get(name);
    if (!entry) return;
    entry.owed = true;
    this.#changed.add(entry);
  }

  /** As `owe`, for what the client was told of before. */
  repeat(name: string): void {
    if (this.#all.get(name)?.sent) this.owe(name);
  }

  /** The client was told: it holds this now, or knows that there is nothing. */
  settle(entry: Entry, held: Resource | undefined): void {
    entry.sent = held;
    entry.owed = false;
    entry.changedAtMs = 0;
    if (!held) entry.acked = undefined;
    this.#changed.delete(entry);
    if (!entry.explicit && !entry.member) this.#leave(entry);
  }

  /** There is nothing to say of it. */
  pass(entry: Entry): void {
    this.#changed.delete(entry);
    entry.changedAtMs = 0;
  }

  /** Leaves all topics. */
  close(): void {
    for (const { topic } of this.#all.values()) this.#topics.close(topic, this);
    if (this.#interest.wildcard) this.#topics.closeMembers(this.type, this);
    this.#all.clear();
    this.#changed.clear();
  }

  topicChanged(name: string, committedAtMs: number): void {
    this.#touch(name, committedAtMs);
  }

  membersChanged(added: readonly string[], removed: readonly string[], committedAtMs: number): void {
    for (const name of added) this.#set(name, { member: true });
    for (const name of removed) this.#set(name, { member: false });
    for (const name of [...added, ...removed]) this.#touch(name, committedAtMs);
  }

  settled(): void {
    this.#wake();
  }

  #set(name: string, by: { readonly explicit?: boolean; readonly member?: boolean; readonly owed?: boolean }): void {
    const entry = this.#all.get(name) ?? (by.explicit || by.member ? this.#enter(name) : undefined);
    if (!entry) return;
    Object.assign(entry, by);
    this.#changed.add(entry);
    // What the client was never told of, it need not be told of any more.
    if (!entry.explicit && !entry.member && !entry.sent) this.#leave(entry);
  }

  #drop(name: string, by: { readonly explicit?: false; readonly member?: false }): void {
    const entry = this.#all.get(name);
    if (!entry) return;
    Object.assign(entry, by);
    if (!entry.explicit && !entry.member) this.#leave(entry);
  }

  #enter(name: string): Entry {
    const entry = newEntry(this.#topics.open(this.type, name, this));
    this.#all.set(name, entry);
    return entry;
  }

  #leave(entry: Entry): void {
    this.#all.delete(entry.topic.name);
    this.#changed.delete(entry);
    this.#topics.close(entry.topic, this);
  }

  #touch(name: string, committedAtMs: number): void {
    const entry = this.#all.get(name);
    if (!entry) return;
    if (entry.changedAtMs === 0) entry.changedAtMs = committedAtMs;
    this.#changed.add(entry);
  }
}
