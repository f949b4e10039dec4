import type { WatchResponse } from "../../../gen/portolan/discovery/v1/discovery_pb.js";
import type { Random } from "../support/campaign.js";
import type { Catalogue, Seen } from "./book.js";
import type { Clients } from "./clients.js";

const TARGETS = ["solo", "batch", "held", "shared"].map((service) => ({ service }));
/** How long a plane may take to tell what it knows. */
const PATIENCE_MS = 30_000;
/** Points to return to that are kept. */
const MAX_POINTS = 60;

/** What a watch has told, folded. */
export class Fold {
  readonly #catalogue = new Map<string, Seen>();
  /** Up to where it was told; 0 before the first point to resume after. */
  revision = 0n;

  constructor(catalogue: Catalogue = new Map(), revision = 0n) {
    this.#catalogue = new Map(catalogue);
    this.revision = revision;
  }

  get catalogue(): Catalogue {
    return this.#catalogue;
  }

  take(response: WatchResponse): void {
    if (response.reset) this.#catalogue.clear();
    for (const { service, reset, put, removed } of response.updates) {
      if (reset)
        for (const key of this.#catalogue.keys()) if (key.startsWith(`${service}/`)) this.#catalogue.delete(key);
      for (const id of removed) this.#catalogue.delete(`${service}/${id}`);
      for (const { instance } of put) {
        if (!instance) continue;
        const content = instance.labels.copy === instance.version ? instance.version : "torn";
        this.#catalogue.set(`${service}/${instance.id}`, { content, modRevision: instance.modRevision });
      }
    }
    if (response.revision === 0n) return;
    if (response.revision < this.revision && !response.reset)
      throw new RangeError(`the watch went back from ${this.revision} to ${response.revision}`);
    this.revision = response.revision;
  }
}

/** Watches through all lives of a plane, and keeps how things stood at moments that it may return to. */
export class Observer {
  readonly #points = new Map<bigint, Catalogue>([[0n, new Map()]]);
  /** The highest revision that was ever told. */
  revision = 0n;

  /** Follows until the plane is gone. */
  async follow({ discovery }: Clients): Promise<void> {
    const fold = new Fold();
    for await (const response of discovery.watch({ targets: TARGETS, includeUnhealthy: true })) {
      fold.take(response);
      if (fold.revision === 0n) continue;
      if (fold.revision > this.revision) this.revision = fold.revision;
      this.#points.set(fold.revision, new Map(fold.catalogue));
    }
  }

  /** How things stand now, told to a new watch. */
  async look(clients: Clients): Promise<Fold> {
    return this.#resume(clients, 0n, new Map());
  }

  /** Returns to some of the moments, and answers what is wrong with where the changes since then lead. */
  async check(clients: Clients, random: Random, now: Fold): Promise<string[]> {
    const faults: string[] = [];
    const points = [...this.#points];
    for (const [after, catalogue] of [...points.slice(-1), random.pick(points), random.pick(points)]) {
      const fold = await this.#resume(clients, after, catalogue);
      const [told, stands] = [textOf(fold), textOf(now)];
      if (told !== stands) faults.push(`changes after ${after} lead to ${told}, and there is ${stands}`);
    }
    while (this.#points.size > MAX_POINTS) this.#points.delete(random.pick([...this.#points.keys()]));
    return faults;
  }

  async #resume({ discovery }: Clients, afterRevision: bigint, catalogue: Catalogue): Promise<Fold> {
    const fold = new Fold(catalogue, afterRevision);
    const request = { targets: TARGETS, includeUnhealthy: true, afterRevision };
    for await (const response of discovery.watch(request, { signal: AbortSignal.timeout(PATIENCE_MS) })) {
      fold.take(response);
      if (response.reset && afterRevision > 0n)
        throw new RangeError(`revision ${afterRevision} was never reached, it says`);
      if (response.synced) break;
    }
    return fold;
  }
}

/** The revisions of all events after a revision, other than 0, up to another. Rejects when they do not come. */
export async function revisionsOfEvents({ telemetry }: Clients, after: bigint, through: bigint): Promise<Set<bigint>> {
  const revisions = new Set<bigint>();
  if (after >= through) return revisions;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  for await (const { events } of telemetry.tailEvents({ afterRevision: after }, { signal })) {
    for (const { revision } of events) if (revision > 0n) revisions.add(revision);
    if (revisions.has(through)) break;
  }
  return revisions;
}

function textOf(fold: Fold): string {
  const entries = [...fold.catalogue].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${fold.revision}: ${entries.map(([key, { content, modRevision }]) => `${key}=${content}@${modRevision}`)}`;
}
