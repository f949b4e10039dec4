import fc from "fast-check";
import { type Logger, pino } from "pino";
import { Registry } from "prom-client";
import { Disk } from "../../../src/telemetry/disk/disk.js";
import { EventLog } from "../../../src/telemetry/events/event-log.js";
import { EventReader } from "../../../src/telemetry/events/event-reader.js";
import {
  createTelemetryMetrics,
  type Event,
  type EventCursor,
  type EventPageQuery,
  memoryDatabase,
  type TelemetryDatabase,
} from "../../../src/telemetry/index.js";
import { FakeClock } from "../../support/fake-clock.js";
import { EVERY_EVENT, NOW_MS } from "./start.js";

/** What a test of the event log may set. */
export interface OpenLogOptions {
  readonly database?: TelemetryDatabase;
  readonly storeRevision?: bigint;
  readonly maxScanned?: number;
  readonly log?: Logger;
}

/** An event log alone on a database, and what reads it by time. */
export async function openLog(options: OpenLogOptions = {}) {
  const { database = memoryDatabase(), storeRevision = 1_000_000n, maxScanned = 100_000 } = options;
  const log = options.log ?? pino({ enabled: false });
  const base = { log, clock: new FakeClock(NOW_MS), metrics: createTelemetryMetrics(new Registry()) };
  const disk = new Disk({ ...base, database, syncMs: 800 });
  await disk.open();
  const events = await EventLog.open({ ...base, disk, storeRevision });
  const recorder = { settled: () => Promise.resolve() };
  return { ...base, disk, events, reader: new EventReader({ disk, events, recorder, maxScanned }) };
}

/** Appends events as several recordings: each has the next so many events, the last one what is left. */
export async function append(log: EventLog, events: readonly Event[], sizes: readonly number[]): Promise<void> {
  const cuts = [...sizes, events.length];
  let start = 0;
  for (const size of cuts) {
    const some = events.slice(start, start + size);
    const last = some.at(-1);
    if (last) await log.append(some, { revision: last.place.revision, order: last.place.order + 1 });
    start += size;
  }
}

/** All pages, one behind the other. */
export async function pages(reader: EventReader, query: Partial<EventPageQuery> = {}): Promise<Event[]> {
  const found: Event[] = [];
  let after: EventCursor | undefined;
  do {
    const page = await reader.page({ query: EVERY_EVENT, pageSize: 1_000, ...query, ...(after && { after }) });
    found.push(...page.events);
    after = page.next;
  } while (after);
  return found;
}

/** An event; what is not given is that of a registration. */
export function anEvent(fields: Partial<Event> = {}): Event {
  return {
    place: { revision: 1n, order: 0 },
    revision: 1n,
    timeMs: NOW_MS,
    type: "instance.registered",
    actor: "session:s-1",
    namespace: "default",
    service: "checkout",
    instanceId: "a1",
    message: "checkout/a1 registered at 10.0.0.1:8080 by session:s-1",
    attributes: { cause: "register", address: "10.0.0.1:8080", health: "SERVING" },
    ...fields,
  };
}

/** Events of so many commits of one change each, all at one moment. */
export function registrations(count: number, fields: Partial<Event> = {}): Event[] {
  return Array.from({ length: count }, (_, n) => {
    const revision = BigInt(n + 1);
    return anEvent({ place: { revision, order: 0 }, revision, ...fields });
  });
}

const step = fc.record({
  /** Events of a commit; 0 is an event without a revision. */
  changes: fc.integer({ min: 0, max: 3 }),
  /** The clock mostly goes on a little, and now and then it is set. */
  moveMs: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 100 }) },
    { weight: 2, arbitrary: fc.integer({ min: -200, max: 0 }) },
    fc.integer({ min: -3_000, max: 3_000 }),
  ),
  service: fc.constantFrom("cart", "checkout"),
});

/** A log's events in its order, with a clock that also goes back. */
export const anyEvents: fc.Arbitrary<Event[]> = fc.array(step, { maxLength: 40 }).map((steps) => {
  const events: Event[] = [];
  let [timeMs, revision, order] = [NOW_MS, 0n, 0];
  for (const { changes, moveMs, service } of steps) {
    timeMs += moveMs;
    if (changes === 0) {
      events.push(
        anEvent({ place: { revision, order: order++ }, revision: 0n, timeMs, service, type: "session.opened" }),
      );
      continue;
    }
    revision++;
    for (order = 0; order < changes; order++)
      events.push(anEvent({ place: { revision, order }, revision, timeMs, service }));
  }
  return events;
});

/** How many events each recording has. */
export const anySizes = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 15 });
