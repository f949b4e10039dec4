import type { Resource } from "../resource.js";
import type { ResourceType } from "../types.js";
import { blamed } from "./blame.js";
import { Entries, type TopicSource } from "./entries.js";
import type { Entry } from "./entry.js";

/** A name that is missing, and why. */
export interface Missing {
  readonly name: string;
  /** Why it could not be made; undefined when there is none. */
  readonly failure: string | undefined;
}

/** What a response says of one type. */
export interface Draft {
  readonly resources: readonly Resource[];
  /** Names that the client held, or asked for, and that there are none of. */
  readonly missing: readonly Missing[];
  /** Every entry that the client is told of by it, with what it then holds. */
  readonly told: ReadonlyMap<Entry, Resource | undefined>;
}

/** A response that went out. */
export interface Outstanding {
  readonly nonce: string;
  readonly version: string;
  /** What was new in it to the client. */
  readonly sent: ReadonlyMap<Entry, Resource>;
  /** When the oldest change in it was committed; 0 when it only answered. */
  readonly committedAtMs: number;
}

/** What a client refused. */
export interface Refusal {
  /** As the client put it. */
  readonly message: string;
  /** Names of the resources that it means; empty when that cannot be told. */
  readonly names: readonly string[];
  /** Of the response. */
  readonly version: string;
}

/**
 * One type on one stream: what is wanted, what was told, and what the client said to that. Knows no clock and no I/O.
 *
 * A response is outstanding -> acknowledged | refused | abandoned. While one is outstanding, the next of its type waits, and what changes
 * meanwhile goes out together. What was refused is never sent again before it is something else.
 */
export class TypeState {
  readonly entries: Entries;
  #outstanding: Outstanding | undefined;
  /** The nonce of the newest response; undefined before the first. */
  nonce: string | undefined;
  /** Of the newest response, and of the newest that the client took; empty before there is one. */
  sentVersion = "";
  ackedVersion = "";
  /** The client waits for a response, also for an empty one. */
  owesResponse = false;
  /** The client has asked for this type. */
  requested = false;
  /** Names without an entry that the client is to be told of that there are none. */
  readonly strays = new Set<string>();
  /** What the client said to the newest response, if it refused that. */
  refusal: Refusal | undefined;

  constructor(type: ResourceType, topics: TopicSource, wake: () => void) {
    this.entries = new Entries(type, topics, wake);
  }

  get type(): ResourceType {
    return this.entries.type;
  }

  /** The newest response, while the client has not answered it. */
  get outstanding(): Outstanding | undefined {
    return this.#outstanding;
  }

  /** The client has this already: it need not be sent. */
  hold(entry: Entry, resource: Resource): void {
    this.entries.settle(entry, resource);
    entry.acked = resource;
  }

  /** A response went out. */
  sent({ told }: Draft, nonce: string, version: string): void {
    this.nonce = nonce;
    this.sentVersion = version;
    this.owesResponse = false;
    this.strays.clear();
    const sent = new Map<Entry, Resource>();
    let oldest = 0;
    for (const [entry, resource] of told) {
      if (resource) sent.set(entry, resource);
      if (entry.changedAtMs > 0 && (oldest === 0 || entry.changedAtMs < oldest)) oldest = entry.changedAtMs;
      this.entries.settle(entry, resource);
    }
    this.#outstanding = { nonce, version, sent, committedAtMs: oldest };
  }

  /** The client took the newest response; answers which that was, undefined when it had answered already. */
  acknowledge(): Outstanding | undefined {
    const answered = this.#takeAnswered();
    if (!answered) return undefined;
    for (const [entry, resource] of answered.sent) {
      entry.acked = resource;
      entry.refused = undefined;
    }
    this.ackedVersion = answered.version;
    this.refusal = undefined;
    return answered;
  }

  /** The client refused the newest response; answers what that means, undefined when it had answered already. */
  refuse(message: string): Refusal | undefined {
    const answered = this.#takeAnswered();
    if (!answered) return undefined;
    const fresh = [...answered.sent].filter(([{ acked }, resource]) => acked?.version !== resource.version);
    const names = blamed(
      message,
      fresh.map(([, { name }]) => name),
    );
    for (const [entry, resource] of answered.sent) {
      if (names.includes(resource.name)) reject(entry, resource);
      // Clients apply what is valid in what they refuse (gRFC A46).
      else if (names.length > 0) entry.acked = resource;
    }
    this.refusal = { message, names, version: answered.version };
    return this.refusal;
  }

  /** The newest response may never be answered, and nothing waits for that. */
  abandon(): void {
    this.#outstanding = undefined;
  }

  #takeAnswered(): Outstanding | undefined {
    const outstanding = this.#outstanding;
    this.#outstanding = undefined;
    return outstanding;
  }
}

function reject(entry: Entry, resource: Resource): void {
  entry.refused = resource.version;
  if (entry.sent === resource) entry.sent = entry.acked;
}
