/**
 * A place in the event log. Places only grow, whatever the clocks do: first by revision, then by order.
 *
 * An event of a commit stands at its revision. One without a revision stands behind the events of the newest commit
 * recorded before it.
 */
export interface EventPlace {
  readonly revision: bigint;
  readonly order: number;
}

/** Where an event stands in the order of time: first by its time, then by its place. */
export interface EventMoment {
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  readonly place: EventPlace;
}

/** What happened in the control plane. Immutable and shared between readers. */
export interface Event {
  readonly place: EventPlace;
  /** The revision that it belongs to; 0n for what is not a change of state. */
  readonly revision: bigint;
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  /** "instance.registered", "service.put", "session.opened" and so on; see Event in telemetry.proto. */
  readonly type: string;
  readonly actor: string;
  /** Empty for what concerns no service, as `service` and `instanceId`. */
  readonly namespace: string;
  readonly service: string;
  readonly instanceId: string;
  /** One sentence for people. */
  readonly message: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** An event before the log gave it its place. */
export type EventDraft = Omit<Event, "place">;

/** What happens to sessions; it is no state and has no revision. */
export interface SessionEvent {
  readonly type: "session.opened" | "session.broken" | "session.resumed" | "session.closed" | "session.expired";
  readonly timeMs: number;
  readonly sessionId: string;
  readonly client: string;
  readonly address: string;
  /** How many instances it held then. */
  readonly instances: number;
}

/** Expiry was paused because many clients were lost at once, or goes on. */
export interface ExpiryEvent {
  readonly type: "expiry.paused" | "expiry.resumed";
  readonly timeMs: number;
  readonly lostClients: number;
  readonly clients: number;
  /** Why it goes on; empty when it was paused. */
  readonly reason: string;
}

/** An xDS client refused what it was sent. */
export interface NackEvent {
  readonly type: "xds.nacked";
  readonly timeMs: number;
  /** The client's node id; empty when it gave none. */
  readonly node: string;
  readonly address: string;
  readonly userAgent: string;
  readonly resourceType: string;
  /** What it means; empty when that cannot be told. */
  readonly resource: string;
  /** Whose resource that is; empty for what is no service's. */
  readonly namespace: string;
  readonly service: string;
  /** As the client put it. */
  readonly message: string;
}

/** What happened that is no change of state. */
export type Notice = SessionEvent | ExpiryEvent | NackEvent;

/** Negative when `a` stands before `b`, 0 when they are the same place. */
export function comparePlaces(a: EventPlace, b: EventPlace): number {
  if (a.revision !== b.revision) return a.revision < b.revision ? -1 : 1;
  return a.order - b.order;
}

/** Negative when `a` comes before `b` in the order of time, 0 when they are the same moment. */
export function compareMoments(a: EventMoment, b: EventMoment): number {
  return a.timeMs - b.timeMs || comparePlaces(a.place, b.place);
}
