import type { Event } from "./event.js";

/** Which events a reader wants; an empty string lets everything pass. */
export interface EventQuery {
  readonly namespace: string;
  readonly service: string;
  /** A prefix: "instance." for every event of instances. */
  readonly type: string;
  readonly actor: string;
}

/** Makes the predicate of a query; undefined when it lets every event pass. */
export function eventPredicate(query: EventQuery): ((event: Event) => boolean) | undefined {
  if (!query.namespace && !query.service && !query.type && !query.actor) return undefined;
  return (event) =>
    event.type.startsWith(query.type) &&
    (query.service === "" || event.service === query.service) &&
    (query.namespace === "" || event.namespace === query.namespace) &&
    (query.actor === "" || event.actor === query.actor);
}
