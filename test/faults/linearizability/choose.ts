import type { Random } from "../support/campaign.js";
import {
  getting,
  gettingService,
  listing,
  listingAll,
  listingServices,
  renewing,
  resolving,
  type WideRequest,
} from "./reads.js";
import type { Sightings } from "./sightings.js";
import { deregistering, dropping, putting, type Request, registering, registeringAll, updating } from "./writes.js";

const HOT = ["hot-a", "hot-b"];
const COLD = ["cold-a", "cold-b", "cold-c", "cold-d", "cold-e", "cold-f"];
/** Ids of instances, in every service the same. */
export const IDS = ["1", "2", "3"];

/** How far ahead of what was seen a read may ask, so that it has to wait for what others write. */
const MAX_AHEAD = 4;

/** Every service that the workload touches. */
export const SERVICES = [...HOT, ...COLD];

let values = 0;

/** A value that nobody wrote before: who sees it knows who wrote it. */
export function freshValue(): string {
  return `v${++values}`;
}

/** What a worker calls next. */
export type Choice = Request | WideRequest;

interface Chooser {
  readonly random: Random;
  readonly sightings: Sightings;
  readonly service: string;
  readonly id: string;
}

/** Choice -> how often, of the sum of all. */
const MIX: readonly (readonly [number, (chooser: Chooser) => Choice])[] = [
  [22, ({ service, id, ...by }) => registering(service, item(service, id, by))],
  [
    4,
    ({ service, ...by }) =>
      registeringAll(
        service,
        IDS.slice(by.random.below(2)).map((id) => item(service, id, by)),
      ),
  ],
  [14, ({ service, id, ...by }) => updating(service, item(service, id, by))],
  [12, ({ service, id }) => deregistering(service, id)],
  [5, ({ service, ...by }) => putting(service, value(service, by), expected(service, by))],
  [2, ({ service, ...by }) => dropping(service, by.random.chance(0.6), expected(service, by))],
  [14, ({ service, id }) => getting(service, id)],
  [3, ({ service }) => gettingService(service)],
  [7, ({ service }) => resolving(service, 0)],
  [7, ({ service, random, sightings }) => resolving(service, sightings.revision + random.below(MAX_AHEAD))],
  [5, ({ service }) => listing(service)],
  [5, ({ service, id }) => renewing(service, id)],
  [1, () => listingAll(SERVICES)],
  [1, () => listingServices(SERVICES)],
];
const WEIGHT = MIX.reduce((sum, [weight]) => sum + weight, 0);

/** Chooses a call: hot services in two of three, so that workers get in each other's way. */
export function choose(random: Random, sightings: Sightings): Choice {
  const service = random.pick(random.chance(0.66) ? HOT : COLD);
  let at = random.below(WEIGHT);
  for (const [weight, make] of MIX) {
    if (at < weight) return make({ random, sightings, service, id: random.pick(IDS) });
    at -= weight;
  }
  throw new RangeError("the weights do not add up");
}

type By = Pick<Chooser, "random" | "sightings">;

function item(service: string, id: string, by: By) {
  const key = `${service}/${id}`;
  const expectation = expected(key, by);
  return { id, value: value(key, by), ...(expectation !== undefined && { expected: expectation }) };
}

/** Mostly a new value; sometimes the one that was last seen, so that the write changes nothing. */
function value(key: string, { random, sightings }: By): string {
  const standing = random.chance(0.15) ? sightings.valueAt(key) : undefined;
  return standing ?? freshValue();
}

function expected(key: string, { random, sightings }: By): number | undefined {
  return random.chance(0.4) ? sightings.expectationOf(key, random) : undefined;
}
