import { effectiveWeight, type Instance, type Locality, localityPriority } from "../model/index.js";
import type { Discovered } from "./discovery.js";

/** Places and endpoint names that are remembered; beyond them the oldest is forgotten, and made anew when it is needed. */
const CAPACITY = 1_000;

/** How instances look from one place, through one endpoint. */
export class Look {
  /** instance -> how it looks, so that it is one object (and is encoded once) for everybody who looks alike. */
  readonly #discovered = new WeakMap<Instance, Discovered>();

  constructor(
    readonly endpointName: string,
    readonly locality: Locality | undefined,
  ) {}

  /** How an instance looks; undefined when it lacks the endpoint. */
  at(instance: Instance): Discovered | undefined {
    const known = this.#discovered.get(instance);
    if (known) return known;
    const narrowed = narrow(instance, this.endpointName);
    if (!narrowed) return undefined;
    const discovered: Discovered = {
      instance: narrowed,
      priority: localityPriority(this.locality, instance.locality),
      effectiveWeight: effectiveWeight(instance),
    };
    this.#discovered.set(instance, discovered);
    return discovered;
  }
}

/** All looks in use: views that differ by service, filter or health alone share one. */
export class Looks {
  readonly #looks = new Map<string, Look>();

  of(endpointName: string, locality: Locality | undefined): Look {
    const { region = "", zone = "", subZone = "" } = locality ?? {};
    const key = JSON.stringify([endpointName, region, zone, subZone]);
    const known = this.#looks.get(key);
    if (known) return known;
    const look = new Look(endpointName, locality);
    this.#looks.set(key, look);
    const [oldest] = this.#looks.keys();
    if (this.#looks.size > CAPACITY && oldest !== undefined) this.#looks.delete(oldest);
    return look;
  }
}

function narrow(instance: Instance, endpointName: string): Instance | undefined {
  if (endpointName === "") return instance;
  const endpoint = instance.endpoints.find((candidate) => candidate.name === endpointName);
  if (!endpoint) return undefined;
  return instance.endpoints.length === 1 ? instance : { ...instance, endpoints: [endpoint] };
}
