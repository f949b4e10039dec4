import type { Resource } from "../../../src/xds/resource.js";
import { resourceOf } from "../../../src/xds/resource.js";
import type { TopicSource } from "../../../src/xds/subscription/entries.js";
import type { Subscriber, Topic } from "../../../src/xds/topic.js";
import type { TopicBook } from "../../../src/xds/topics.js";
import type { ResourceType } from "../../../src/xds/types.js";

class FakeTopic implements Topic {
  resource: Resource | undefined;
  failure: string | undefined;
  readonly subscribers = new Set<Subscriber>();

  constructor(readonly name: string) {}
}

/** Resources that a test puts and takes away by name; all of a type are what its wildcard covers. */
export class FakeTopics {
  /** type and name -> topic. */
  readonly #topics = new Map<string, FakeTopic>();
  /** type -> who asked for all. */
  readonly #members = new Map<ResourceType, Set<Subscriber>>();

  /** How many subscriptions there are. */
  get subscriptions(): number {
    const sets = [...[...this.#topics.values()].map(({ subscribers }) => subscribers), ...this.#members.values()];
    return sets.reduce((sum, { size }) => sum + size, 0);
  }

  /** There is a resource of this content now. */
  put(type: ResourceType, name: string, content: string, atMs = 1): Resource {
    const topic = this.#topic(type, name);
    const isNew = !topic.resource;
    const resource = resourceOf(type, name, Buffer.from(content));
    topic.resource = resource;
    if (isNew) for (const one of this.#members.get(type) ?? []) one.membersChanged([name], [], atMs);
    for (const one of topic.subscribers) one.topicChanged(name, atMs);
    return resource;
  }

  /** There is none of this name any more. */
  remove(type: ResourceType, name: string, atMs = 1): void {
    const topic = this.#topic(type, name);
    topic.resource = undefined;
    for (const one of this.#members.get(type) ?? []) one.membersChanged([], [name], atMs);
    for (const one of topic.subscribers) one.topicChanged(name, atMs);
  }

  /** It cannot be made. */
  fail(type: ResourceType, name: string, failure: string): void {
    this.#topic(type, name).failure = failure;
  }

  /** What there is of a type, by name. */
  of(type: ResourceType): Map<string, Resource> {
    const all = [...this.#topics].filter(([key, { resource }]) => key.startsWith(`${type}|`) && resource);
    return new Map(all.flatMap(([, { name, resource }]) => (resource ? [[name, resource] as const] : [])));
  }

  /** As one type of one stream sees it. */
  readonly source: TopicSource = {
    open: (type, name, subscriber) => {
      const topic = this.#topic(type, name);
      topic.subscribers.add(subscriber);
      return topic;
    },
    close: (topic, subscriber) => {
      if (topic instanceof FakeTopic) topic.subscribers.delete(subscriber);
    },
    openMembers: (type, subscriber) => {
      this.#members.set(type, (this.#members.get(type) ?? new Set()).add(subscriber));
      return [...this.of(type).keys()];
    },
    closeMembers: (type, subscriber) => void this.#members.get(type)?.delete(subscriber),
  };

  /** As a whole stream sees it. */
  readonly book: TopicBook = {
    open: (type, name, _, subscriber) => this.source.open(type, name, subscriber),
    close: (topic, subscriber) => this.source.close(topic, subscriber),
    openMembers: (type, _, subscriber) => this.source.openMembers(type, subscriber),
    closeMembers: (type, _, subscriber) => this.source.closeMembers(type, subscriber),
  };

  #topic(type: ResourceType, name: string): FakeTopic {
    const key = `${type}|${name}`;
    const topic = this.#topics.get(key) ?? new FakeTopic(name);
    this.#topics.set(key, topic);
    return topic;
  }
}
