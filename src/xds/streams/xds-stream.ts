import { DomainError, invalidField } from "../../model/index.js";
import type { Clock } from "../../stream/index.js";
import type { XdsNode } from "../node.js";
import { versionOf } from "../resource.js";
import { type Compose, isPending } from "../subscription/compose.js";
import type { TopicSource } from "../subscription/entries.js";
import type { Taken } from "../subscription/take.js";
import { type Draft, type Outstanding, type Refusal, TypeState } from "../subscription/type-state.js";
import type { TopicBook } from "../topics.js";
import { RESOURCE_TYPES, type ResourceType } from "../types.js";

/** How a stream speaks. */
export type Variant = "sotw" | "delta";

/** A response as it goes out, whichever variant makes a message of it. */
export interface Outgoing extends Draft {
  readonly type: ResourceType;
  readonly nonce: string;
  /** A hash of the resources in it. */
  readonly version: string;
}

/** What is told of streams. Must not throw. */
export interface StreamEvents {
  /** A response went out. */
  responded(type: ResourceType, draft: Draft): void;
  /** The client took a response. */
  acknowledged(type: ResourceType, response: Outstanding): void;
  /** The client refused a response. */
  refused(stream: XdsStream, type: ResourceType, refusal: Refusal): void;
}

/** What every stream works with. */
export interface StreamHost {
  readonly topics: TopicBook;
  readonly clock: Clock;
  readonly events: StreamEvents;
  /** Names that one stream may ask for, of all types together. */
  readonly maxNames: number;
}

/** Options of one stream. */
export interface XdsStreamOptions {
  readonly host: StreamHost;
  readonly variant: Variant;
  readonly compose: Compose;
  /** Sets this stream's nonces apart from those of others. */
  readonly tag: string;
  /** Where the client is: "127.0.0.1:43210". */
  readonly address: string;
}

/** Longer ones are refused: no resource is called so. */
const MAX_NAME_LENGTH = 1_024;

/**
 * One stream: what its client wants of each type, and the one ordered queue of what goes out.
 *
 * There is no list of messages: what is to be said is made when the transport asks for it, in the order of `RESOURCE_TYPES`, and
 * what is gone only when nothing is left to add. So a client that does not read, or does not answer, costs what it was told of
 * and no more.
 */
export class XdsStream {
  readonly variant: Variant;
  readonly address: string;
  readonly openedAtMs: number;
  readonly #options: XdsStreamOptions;
  readonly #states = new Map<ResourceType, TypeState>();
  #node: XdsNode | undefined;
  #responses = 0;
  #wake: (() => void) | undefined;

  constructor(options: XdsStreamOptions) {
    this.#options = options;
    this.variant = options.variant;
    this.address = options.address;
    this.openedAtMs = options.host.clock.wallMs();
  }

  /** Who it is; undefined before the first request. */
  get node(): XdsNode | undefined {
    return this.#node;
  }

  /** Types that were asked for, in the order in which they go out. */
  get states(): TypeState[] {
    return RESOURCE_TYPES.flatMap((type) => this.#states.get(type) ?? []);
  }

  /** The first request says who it is; later ones may leave that out. */
  identify(read: () => XdsNode): XdsNode {
    this.#node ??= read();
    return this.#node;
  }

  /** Takes a request of a type in. @throws DomainError FIELDS_INVALID, LIMIT_EXCEEDED. */
  take(type: ResourceType, names: readonly string[], apply: (state: TypeState) => Taken): void {
    if (names.some((name) => name.length > MAX_NAME_LENGTH)) throw tooLong(this.variant);
    const state = this.#stateOf(type);
    const { refused, acknowledged } = apply(state);
    this.#assertFits();
    const { events } = this.#options.host;
    if (refused) events.refused(this, type, refused);
    if (acknowledged) events.acknowledged(type, acknowledged);
    this.#notify();
  }

  /** What is to be said now; undefined when that is nothing. It counts as sent. */
  next(): Outgoing | undefined {
    for (const type of RESOURCE_TYPES) {
      const state = this.#states.get(type);
      if (!state || !isPending(state, "make")) continue;
      // What comes later in the order may refer to this, and waits too.
      return state.outstanding ? undefined : this.#say(state, "make");
    }
    if (this.#states.get("listener")?.outstanding || this.#states.get("route")?.outstanding) return undefined;
    for (const type of BREAKING) {
      const state = this.#states.get(type);
      if (!state || state.outstanding || !isPending(state, "break")) continue;
      const outgoing = this.#say(state, "break");
      if (outgoing) return outgoing;
    }
    return undefined;
  }

  /** Calls once when something may be to be said. */
  onWake(wake: () => void): void {
    this.#wake = wake;
  }

  /** Leaves everything. */
  close(): void {
    for (const state of this.#states.values()) state.entries.close();
    this.#states.clear();
  }

  #say(state: TypeState, phase: "make" | "break"): Outgoing | undefined {
    const draft = this.#options.compose(state, phase);
    if (!draft) return undefined;
    const nonce = `${this.#options.tag}.${++this.#responses}`;
    const warmed = state.type === "cluster" ? changedNames(draft) : [];
    const version = versionOf(draft.resources);
    state.sent(draft, nonce, version);
    // A proxy warms a changed cluster until it is told of its endpoints again.
    for (const name of warmed) this.#states.get("endpoints")?.entries.repeat(name);
    this.#options.host.events.responded(state.type, draft);
    return { ...draft, type: state.type, nonce, version };
  }

  #stateOf(type: ResourceType): TypeState {
    const known = this.#states.get(type);
    if (known) return known;
    const state = new TypeState(type, this.#source(), () => this.#notify());
    this.#states.set(type, state);
    return state;
  }

  #source(): TopicSource {
    const { topics } = this.#options.host;
    const node = this.#node;
    if (!node) throw new Error("a stream asks before it says who it is");
    return {
      open: (type, name, subscriber) => topics.open(type, name, node, subscriber),
      close: (topic, subscriber) => topics.close(topic, subscriber),
      openMembers: (type, subscriber) => topics.openMembers(type, node, subscriber),
      closeMembers: (type, subscriber) => topics.closeMembers(type, node, subscriber),
    };
  }

  #assertFits(): void {
    const { maxNames } = this.#options.host;
    let names = 0;
    for (const { entries } of this.#states.values()) names += entries.interest.names.size;
    if (names <= maxNames) return;
    throw new DomainError({ reason: "LIMIT_EXCEEDED", limit: "xds-max-names", max: maxNames, retryAfterMs: 60_000 });
  }

  #notify(): void {
    this.#wake?.();
  }
}

/** What is gone goes in the order in which others refer to it. */
const BREAKING = ["listener", "route", "cluster", "endpoints"] as const;

function changedNames({ told }: Draft): string[] {
  const changed = [...told].filter(([{ sent }, resource]) => resource && sent && sent.version !== resource.version);
  return changed.map(([{ topic }]) => topic.name);
}

function tooLong(variant: Variant): DomainError {
  const field = variant === "sotw" ? "resource_names" : "resource_names_subscribe";
  return invalidField(field, `must be names of at most ${MAX_NAME_LENGTH} characters each`);
}
