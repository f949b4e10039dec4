import type { Resource } from "../resource.js";
import type { Topic } from "../topic.js";

/** One name of one type on one stream: what its client was told of it, and what of that it took. */
export interface Entry {
  readonly topic: Topic;
  /** Asked for by name. */
  explicit: boolean;
  /** Covered by a wildcard. */
  member: boolean;
  /** What the client holds, or will when it took what is on its way; undefined when it was told of none, or that there is none. */
  sent: Resource | undefined;
  /** What it took last. */
  acked: Resource | undefined;
  /** The version that it refused last. */
  refused: string | undefined;
  /** It is to be answered, also with what it may have, or with "there is none". */
  owed: boolean;
  /** When the oldest change that it was not told of was committed; 0 when there is none. */
  changedAtMs: number;
}

/** A name that nothing was said of yet. */
export function newEntry(topic: Topic): Entry {
  return {
    topic,
    explicit: false,
    member: false,
    sent: undefined,
    acked: undefined,
    refused: undefined,
    owed: true,
    changedAtMs: 0,
  };
}

/**
 * What its client should hold: what there is, or, where it refused that, what it took before. So one bad resource does not have
 * all others refused with it, again and again.
 */
export function wantedOf({ topic, explicit, member, refused, acked }: Entry): Resource | undefined {
  if (!explicit && !member) return undefined;
  return topic.resource && topic.resource.version === refused ? acked : topic.resource;
}

/** Something to add or change, or an answer that is owed: it goes out before anything is taken away. */
export function hasNews(entry: Entry): boolean {
  const wanted = wantedOf(entry);
  if (wanted) return entry.owed || wanted.version !== entry.sent?.version;
  return entry.owed && !entry.sent;
}

/** The client holds what there is no more. */
export function isGone(entry: Entry): boolean {
  return entry.sent !== undefined && wantedOf(entry) === undefined;
}
