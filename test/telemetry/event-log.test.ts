import fc from "fast-check";
import { pino } from "pino";
import { expect, test } from "vitest";
import { Retention } from "../../src/telemetry/disk/retention.js";
import { compareMoments, comparePlaces } from "../../src/telemetry/events/event.js";
import { type Event, memoryDatabase, type TelemetryDatabase } from "../../src/telemetry/index.js";
import { anyEvents, anySizes, append, openLog, pages, registrations } from "./support/event-log.js";
import { fragileDatabase } from "./support/fragile-database.js";
import { EVERY_EVENT, NOW_MS } from "./support/start.js";

type Log = Awaited<ReturnType<typeof openLog>>;

const revisions = (events: readonly Event[]) => events.map(({ revision }) => Number(revision));
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, n) => first + n);

/** Everything after a place, stretch by stretch. */
async function follow({ events }: Log, place: Event["place"]): Promise<Event[]> {
  const found: Event[] = [];
  for (let stretch = await events.after(place); ; stretch = await events.after(stretch.place)) {
    if (stretch.events.length === 0) return found;
    found.push(...stretch.events);
  }
}

/** The keys and values of a table. */
async function table(database: TelemetryDatabase, name: "E" | "T") {
  const iterator = database.iterator({ gte: Buffer.from(name), lt: Buffer.from([name.charCodeAt(0) + 1]) });
  const entries = await iterator.nextv(100_000);
  await iterator.close();
  return entries;
}

/** Makes the first block unreadable, as long as it was. */
async function damage(database: TelemetryDatabase): Promise<void> {
  const [[key, value] = [Buffer.of(), Buffer.of()]] = await table(database, "E");
  const damaged = Buffer.concat([value.subarray(0, -1), Buffer.of(0xff)]);
  await database.batch([{ type: "put", key, value: damaged }], { sync: false });
}

function errorLines() {
  const lines: string[] = [];
  const log = pino({ level: "error" }, { write: (line) => lines.push(JSON.parse(line).msg) });
  return { log, lines };
}

test("a resume at any place repeats nothing and misses nothing, wherever blocks are cut", () =>
  fc.assert(
    fc.asyncProperty(
      anyEvents,
      anySizes,
      fc.bigInt({ min: 0n, max: 40n }),
      fc.nat(20),
      async (events, sizes, revision, order) => {
        const log = await openLog();
        await append(log.events, events, sizes);
        const place = { revision, order };
        expect(await follow(log, place)).toEqual(events.filter((event) => comparePlaces(event.place, place) > 0));
        for (const { place: own } of events) {
          const [next] = (await log.events.after(own)).events;
          expect(next).toEqual(events.find((event) => comparePlaces(event.place, own) > 0));
        }
      },
    ),
    { numRuns: 60 },
  ));

test("a stretch that is read back is bounded, however many blocks follow", async () => {
  const log = await openLog();
  await append(log.events, registrations(1_200, { message: "", attributes: {} }), [300, 300, 300]);
  const first = await log.events.after({ revision: 0n, order: -1 });
  expect(revisions(first.events)).toEqual(upTo(300));
  expect(first.place).toEqual({ revision: 300n, order: 0 });
});

test("pages are in the order of time whatever the clock did, nothing missing and nothing twice, within any range", () =>
  fc.assert(
    fc.asyncProperty(
      anyEvents,
      anySizes,
      fc.record({
        pageSize: fc.integer({ min: 1, max: 9 }),
        maxScanned: fc.integer({ min: 1, max: 9 }),
        service: fc.constantFrom("", "cart"),
        range: fc.tuple(fc.integer({ min: -3_000, max: 6_000 }), fc.integer({ min: -3_000, max: 6_000 })),
        isBounded: fc.boolean(),
      }),
      async (events, sizes, { pageSize, maxScanned, service, range, isBounded }) => {
        const log = await openLog({ maxScanned });
        await append(log.events, events, sizes);
        const [startMs, endMs] = range.map((ms) => NOW_MS + ms).sort() as [number, number];
        const found = await pages(log.reader, {
          query: { ...EVERY_EVENT, service },
          pageSize,
          ...(isBounded && { startMs, endMs }),
        });
        const isWanted = (event: Event) =>
          (service === "" || event.service === service) &&
          (!isBounded || (event.timeMs >= startMs && event.timeMs < endMs));
        expect(found).toEqual(events.filter(isWanted).sort(compareMoments).reverse());
      },
    ),
    { numRuns: 100 },
  ));

test("a recording is a record for each block and an entry in the index, not one for each event", async () => {
  const database = memoryDatabase();
  const log = await openLog({ database });
  await append(log.events, registrations(400, { message: "" }), [100, 1]);
  expect(await table(database, "E")).toHaveLength(3);
  expect(await table(database, "T")).toHaveLength(3);
});

test("a damaged block is left out with an error line; pages, tails and later blocks go on", async () => {
  const database = memoryDatabase();
  const { log: logger, lines } = errorLines();
  const log = await openLog({ database, log: logger });
  await append(log.events, registrations(9), [3, 3]);
  await damage(database);
  expect(revisions(await pages(log.reader))).toEqual(upTo(9, 4).reverse());
  expect(lines).toEqual(["a block of the event log is damaged: its events are left out"]);
  expect(revisions(await follow(log, { revision: 0n, order: -1 }))).toEqual(upTo(9, 4));
});

test("a log whose last block is damaged is read to its end", async () => {
  const database = memoryDatabase();
  const log = await openLog({ database });
  await append(log.events, registrations(2), []);
  await damage(database);
  expect(await pages(log.reader)).toEqual([]);
  const end = { revision: 2n, order: 0 };
  expect(await log.events.after({ revision: 0n, order: -1 })).toEqual({ place: end, events: [] });
});

test("events beyond the store's revision are forgotten, also out of the middle of a block, with their bytes", async () => {
  const database = memoryDatabase();
  const before = await openLog({ database });
  await append(before.events, registrations(9), [5]);
  const { log: logger, lines } = errorLines();
  const log = await openLog({ database, storeRevision: 3n, log: logger });
  expect(lines).toEqual([]);
  expect(revisions(await pages(log.reader))).toEqual([3, 2, 1]);
  expect(log.events.next).toEqual({ revision: 3n, order: 0 });
  const alone = await openLog();
  await append(alone.events, registrations(3), []);
  expect(log.disk.usage.totals).toEqual(alone.disk.usage.totals);
});

test("a damaged block beyond the store's revision is forgotten with its index entry and its bytes", async () => {
  const database = memoryDatabase();
  await append((await openLog({ database })).events, registrations(4), []);
  await damage(database);
  const log = await openLog({ database, storeRevision: 3n });
  expect(await table(database, "E")).toEqual([]);
  expect(await table(database, "T")).toEqual([]);
  expect(log.disk.usage.totals.events).toBe(0);
  await append(log.events, registrations(4).slice(3), []);
  expect(revisions(await pages(log.reader))).toEqual([4]);
});

test("retention drops whole blocks, a damaged one too; the log then begins behind the last of them", async () => {
  const database = memoryDatabase();
  const log = await openLog({ database });
  await append(log.events, registrations(9, { timeMs: NOW_MS - 120_000 }), [3, 4]);
  const later = registrations(12).slice(9);
  await append(log.events, later, []);
  await damage(database);
  await sweep(log, 60_000);
  expect(log.events.floor).toBe(9n);
  expect(await table(database, "E")).toHaveLength(1);
  expect(await table(database, "T")).toHaveLength(1);
  expect(revisions(await pages(log.reader))).toEqual([12, 11, 10]);
  expect((await openLog({ database })).events.floor).toBe(9n);
  await sweep(log, -20_000);
  expect(log.disk.usage.totals.events).toBe(0);
});

test("of a recording of several blocks all are kept or none", async () => {
  const memory = memoryDatabase();
  const database = fragileDatabase(memory);
  const log = await openLog({ database });
  const events = registrations(1_300, { message: "" });
  database.broken = true;
  expect(await log.events.append(events, { revision: 1_300n, order: 1 })).toBe(false);
  database.broken = false;
  const again = await openLog({ database: memory });
  expect(again.events.empty).toBe(true);
  expect(await pages(again.reader)).toEqual([]);
  const batches: number[] = [];
  const batch: TelemetryDatabase["batch"] = (operations, options) => {
    batches.push(operations.length);
    return memory.batch(operations, options);
  };
  await append((await openLog({ database: { ...memory, batch } })).events, events, []);
  expect(batches).toHaveLength(1);
});

/** Lets retention drop what is older. */
async function sweep({ disk, events, clock, metrics }: Log, maxAgeMs: number): Promise<void> {
  const dropEvents = events.dropIndexed.bind(events);
  const options = { disk, clock, metrics, dropEvents, log: pino({ enabled: false }) };
  await new Retention({ ...options, maxAgeMs, maxBytes: 2 ** 30, intervalMs: 1_000 }).sweep();
}
