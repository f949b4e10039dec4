import { audience, sourceKey } from "./audience.js";
import type { Recipes, Source } from "./builder.js";
import { Membership } from "./membership.js";
import type { XdsNode } from "./node.js";
import { OpenTopic, type Subscriber, type Topic } from "./topic.js";
import type { ResourceType } from "./types.js";

/** Where streams find what they ask for. */
export interface TopicBook {
  /** Subscribes to a resource. */
  open(type: ResourceType, name: string, node: XdsNode, subscriber: Subscriber): Topic;
  close(topic: Topic, subscriber: Subscriber): void;
  /** Subscribes to what a wildcard covers, and answers what that is. */
  openMembers(type: ResourceType, node: XdsNode, subscriber: Subscriber): readonly string[];
  closeMembers(type: ResourceType, node: XdsNode, subscriber: Subscriber): void;
}

/** Options of `Topics`. */
export interface TopicsOptions {
  readonly recipes: Recipes;
  /** A resource could not be made. */
  readonly onFailure: (type: ResourceType, name: string, error: unknown) => void;
  /** A resource was made. */
  readonly onBuilt: (type: ResourceType) => void;
  /** Nobody asks any more for what depends on which services a namespace has. */
  readonly onNamespaceIdle: (namespace: string) => void;
}

/**
 * All resources that somebody asked for. Those who look alike share one, which is made and encoded once when what it is made of
 * changes; they are told only when its content is another one.
 */
export class Topics implements TopicBook {
  readonly #options: TopicsOptions;
  /** type, audience and name -> topic. */
  readonly #topics = new Map<string, OpenTopic>();
  /** type and audience -> what a wildcard covers. */
  readonly #memberships = new Map<string, Membership>();
  /** source -> what is made of it. */
  readonly #bySource = new Map<string, Set<OpenTopic | Membership>>();
  /** Who was told of changes since `settle`. */
  #told = new Set<Subscriber>();

  constructor(options: TopicsOptions) {
    this.#options = options;
  }

  /** How many resources somebody asks for. */
  get size(): number {
    return this.#topics.size;
  }

  open(type: ResourceType, name: string, node: XdsNode, subscriber: Subscriber): Topic {
    const key = `${type}|${audience(type, node)}|${name}`;
    let topic = this.#topics.get(key);
    if (!topic) {
      const recipe = this.#options.recipes.recipe(type, name, node);
      topic = new OpenTopic(key, type, name, recipe, (made) => this.#make(made));
      this.#topics.set(key, topic);
      this.#link(topic);
    }
    topic.subscribers.add(subscriber);
    return topic;
  }

  close(topic: Topic, subscriber: Subscriber): void {
    if (!(topic instanceof OpenTopic)) return;
    topic.subscribers.delete(subscriber);
    if (topic.subscribers.size > 0) return;
    this.#topics.delete(topic.key);
    this.#unlink(topic);
  }

  openMembers(type: ResourceType, node: XdsNode, subscriber: Subscriber): readonly string[] {
    const key = `${type}|${audience(type, node)}`;
    let membership = this.#memberships.get(key);
    if (!membership) {
      membership = new Membership(type, node, this.#options.recipes);
      this.#memberships.set(key, membership);
      this.#link(membership);
    }
    membership.subscribers.add(subscriber);
    return [...membership.names];
  }

  closeMembers(type: ResourceType, node: XdsNode, subscriber: Subscriber): void {
    const key = `${type}|${audience(type, node)}`;
    const membership = this.#memberships.get(key);
    if (!membership?.subscribers.delete(subscriber) || membership.subscribers.size > 0) return;
    this.#memberships.delete(key);
    this.#unlink(membership);
  }

  /** Makes anew what is made of this, and tells those who see another content now; `settle` follows. */
  refresh(source: Source, committedAtMs: number): void {
    for (const made of this.#bySource.get(sourceKey(source)) ?? []) {
      if (made instanceof Membership) this.#refreshMembers(made, committedAtMs);
      // What nobody looked at yet will be made of what is then there.
      else if (made.isMade && this.#make(made))
        this.#tell(made.subscribers, (one) => one.topicChanged(made.name, committedAtMs));
    }
  }

  /** Everything that changed together is made: those who were told may speak. */
  settle(): void {
    const told = this.#told;
    this.#told = new Set();
    for (const one of told) one.settled();
  }

  /** True when somebody asks for something that is made of this. */
  isUsed(source: Source): boolean {
    return this.#bySource.has(sourceKey(source));
  }

  #refreshMembers(membership: Membership, committedAtMs: number): void {
    const { added, removed } = membership.refresh();
    if (added.length === 0 && removed.length === 0) return;
    this.#tell(membership.subscribers, (one) => one.membersChanged(added, removed, committedAtMs));
  }

  #tell(subscribers: Iterable<Subscriber>, tell: (one: Subscriber) => void): void {
    for (const one of subscribers) {
      tell(one);
      this.#told.add(one);
    }
  }

  /** True when its content is another one than before. One bad resource stops no other, and what stood before stands. */
  #make(topic: OpenTopic): boolean {
    const { onBuilt, onFailure } = this.#options;
    const before = topic.made;
    topic.isMade = true;
    try {
      topic.made = topic.recipe.make();
      topic.failure = undefined;
      if (topic.made && topic.made !== before) onBuilt(topic.type);
    } catch (error) {
      topic.failure = error instanceof Error ? error.message : String(error);
      onFailure(topic.type, topic.name, error);
    }
    return topic.made?.version !== before?.version;
  }

  #link(made: OpenTopic | Membership): void {
    const key = sourceKey(made.source);
    const all = this.#bySource.get(key) ?? new Set();
    this.#bySource.set(key, all.add(made));
  }

  #unlink(made: OpenTopic | Membership): void {
    const key = sourceKey(made.source);
    const all = this.#bySource.get(key);
    if (!all?.delete(made) || all.size > 0) return;
    this.#bySource.delete(key);
    if (made.source.kind === "namespace") this.#options.onNamespaceIdle(made.source.namespace);
  }
}
