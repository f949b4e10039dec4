import type { Recipe, Source } from "./builder.js";
import type { Resource } from "./resource.js";
import type { ResourceType } from "./types.js";

/** A resource as all who ask for it alike see it. */
export interface Topic {
  readonly name: string;
  /** As it is now; undefined while there is none. It is made when it is first looked at. */
  readonly resource: Resource | undefined;
  /** Why it could not be made, while it cannot; what stands is the last that could. */
  readonly failure: string | undefined;
}

/** Somebody who asked for topics. Must not throw. */
export interface Subscriber {
  /** The resource of this name is another one now, or there is none. @param committedAtMs when what changed it was committed. */
  topicChanged(name: string, committedAtMs: number): void;
  /** A wildcard covers these too, or no more. */
  membersChanged(added: readonly string[], removed: readonly string[], committedAtMs: number): void;
  /** All that changed together was told: now it can be said in its order. */
  settled(): void;
}

/**
 * A topic that somebody asked for. Why it is made late: whoever asks for ten thousand names is sent them piece by piece, and made
 * at once they would hold up everybody else.
 */
export class OpenTopic implements Topic {
  made: Resource | undefined;
  isMade = false;
  failure: string | undefined;
  readonly subscribers = new Set<Subscriber>();

  constructor(
    readonly key: string,
    readonly type: ResourceType,
    readonly name: string,
    readonly recipe: Recipe,
    readonly make: (topic: OpenTopic) => void,
  ) {}

  get resource(): Resource | undefined {
    if (!this.isMade) this.make(this);
    return this.made;
  }

  get source(): Source {
    return this.recipe.source;
  }
}
