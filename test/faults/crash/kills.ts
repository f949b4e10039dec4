import { setTimeout as delay } from "node:timers/promises";
import { Plane } from "../../support/process/plane.js";
import type { Campaign } from "../support/campaign.js";
import { Book } from "./book.js";
import { type Clients, connect } from "./clients.js";
import { Observer, revisionsOfEvents } from "./observer.js";
import { SessionWriter } from "./session-writer.js";
import { batchWriter, countingWriter, soloWriter, type Writer } from "./writers.js";

/** What the kills came to. */
export interface Killed {
  readonly kills: number;
  readonly acknowledged: number;
  readonly revision: bigint;
}

/** Loads a plane and kills it, over and over, on one directory. @throws RangeError with all that is wrong after a kill. */
export async function killOverAndOver(campaign: Campaign, least: number, ms: number): Promise<Killed> {
  await using plane = await Plane.start();
  const crew = new Crew(campaign);
  const end = performance.now() + ms;
  let kills = 0;
  while (kills < least || performance.now() < end) {
    await crew.workUntilKilled(plane);
    kills++;
    if (campaign.random.chance(0.2)) {
      await killWhileStarting(plane, campaign.random.below(1_200));
      kills++;
    }
    await plane.start();
    await crew.inspect(plane, kills);
  }
  return { kills, acknowledged: crew.acknowledged, revision: crew.revision };
}

async function killWhileStarting(plane: Plane, afterMs: number): Promise<void> {
  const starting = plane.start().catch(() => undefined);
  await delay(afterMs);
  await plane.kill();
  await starting;
}

interface Hand {
  readonly book: Book;
  readonly writer: Writer;
}

/** Everybody who works with the plane, and what they know of it. */
class Crew {
  readonly #campaign: Campaign;
  readonly #observer = new Observer();
  readonly #counted = { newest: 0 };
  readonly #sessions = ["a", "b", "c"].map((name) => new SessionWriter(name, 4));
  readonly #hands: readonly Hand[];
  /** Up to where the event log was compared. */
  #events = 0n;

  constructor(campaign: Campaign) {
    this.#campaign = campaign;
    const writers: Writer[] = [
      ...Array.from({ length: 10 }, (_, index) => soloWriter(String(index))),
      ...Array.from({ length: 4 }, (_, index) => batchWriter(String(index), 7)),
      ...Array.from({ length: 3 }, () => countingWriter(this.#counted)),
      ...this.#sessions.map(
        (session): Writer =>
          (...given) =>
            session.run(...given),
      ),
    ];
    this.#hands = writers.map((writer) => ({ writer, book: new Book() }));
  }

  get acknowledged(): number {
    return this.#hands.reduce((sum, { book }) => sum + book.answers, 0);
  }

  /** The highest revision that anybody was told. */
  get revision(): bigint {
    const answered = this.#hands.map(({ book }) => book.revision);
    return [...answered, this.#observer.revision].sort((a, b) => (a < b ? -1 : 1)).at(-1) ?? 0n;
  }

  async workUntilKilled(plane: Plane): Promise<void> {
    using clients = connect(plane.grpc);
    const { random } = this.#campaign;
    const work = this.#hands.map(({ writer, book }) => writer(clients, book, random.fork()));
    const all = Promise.allSettled([this.#observer.follow(clients), ...work]);
    await Promise.race([this.#answer(), delay(10_000)]); // connecting takes longer than what follows
    await delay(20 + random.below(280));
    await plane.kill();
    await all;
  }

  /** Resolves with the next answer that a writer gets. */
  async #answer(): Promise<void> {
    const before = this.acknowledged;
    while (this.acknowledged === before) await delay(5);
  }

  async inspect(plane: Plane, kills: number): Promise<void> {
    using clients = connect(plane.grpc);
    const faults = await this.#faults(clients);
    if (faults.length > 0) throw new RangeError(`after ${kills} kills: ${faults.slice(0, 10).join("\n")}`);
  }

  async #faults(clients: Clients): Promise<string[]> {
    const now = await this.#observer.look(clients);
    const faults = this.#hands.flatMap(({ book }) => book.check(now.catalogue));
    if (now.revision < this.revision) faults.push(`revision ${now.revision} is below ${this.revision}, which was told`);
    const count = Number(now.catalogue.get("shared/counter")?.content ?? 0);
    if (count < this.#counted.newest)
      faults.push(`the counter stands at ${count}, and ${this.#counted.newest} was told`);
    for (const session of this.#sessions) {
      const fault = session.fault();
      if (fault !== undefined) faults.push(fault);
      session.settle(now.catalogue);
    }
    faults.push(...(await this.#observer.check(clients, this.#campaign.random, now)));
    return [...faults, ...(await this.#missingEvents(clients, now.revision))];
  }

  /** Each commit is told by at least one event. Events after 0 are those to come, so the first ones are not asked for. */
  async #missingEvents(clients: Clients, through: bigint): Promise<string[]> {
    const after = this.#events;
    this.#events = through;
    if (after === 0n) return [];
    const told = await revisionsOfEvents(clients, after, through);
    const missing: string[] = [];
    for (let revision = after + 1n; revision <= through; revision++)
      if (!told.has(revision)) missing.push(`no event tells of revision ${revision}`);
    return missing;
  }
}
