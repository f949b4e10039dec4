import { lookup as lookupName } from "node:dns/promises";
import { isIP } from "node:net";
import { LRUCache } from "lru-cache";
import type { Clock } from "../../../stream/index.js";
import type { ProbeAddresses } from "./addresses.js";

/** How long what a name resolved to is believed. */
const BELIEVED_MS = 30_000;
const MAX_NAMES = 10_000;
/** The system's resolver takes a thread for each name, of the few that the store writes with. */
const MAX_LOOKUPS = 2;

/** All addresses of a name. Rejects when there are none. */
export type Lookup = (name: string) => Promise<readonly string[]>;

/** Asks the system. */
export const systemLookup: Lookup = async (name) => {
  const found = await lookupName(name, { all: true });
  return found.map(({ address }) => address);
};

interface Known {
  readonly addresses: Promise<readonly string[]>;
  readonly sinceMs: number;
}

/** Where a host may be probed: the address that is answered was checked, and is the one to connect to. */
export class Resolver {
  readonly #addresses: ProbeAddresses;
  readonly #lookup: Lookup;
  readonly #clock: Clock;
  readonly #names = new LRUCache<string, Known>({ max: MAX_NAMES });
  #lookups = 0;
  /** Names that wait for their turn: no more than there are probes under way. */
  readonly #waiting: (() => void)[] = [];

  constructor(options: { readonly addresses: ProbeAddresses; readonly lookup?: Lookup; readonly clock: Clock }) {
    this.#addresses = options.addresses;
    this.#lookup = options.lookup ?? systemLookup;
    this.#clock = options.clock;
  }

  /** The address of a host that may be probed; undefined when none may. Rejects when the name has none. */
  async resolve(host: string): Promise<string | undefined> {
    const addresses = isIP(host) ? [host] : await this.#named(host);
    return addresses.find((address) => this.#addresses.allows(address));
  }

  #named(name: string): Promise<readonly string[]> {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#names.get(name);
    if (known && nowMs - known.sinceMs < BELIEVED_MS) return known.addresses;
    const addresses = this.#lookUp(name);
    addresses.catch(() => this.#names.delete(name)); // a failure is not remembered
    this.#names.set(name, { addresses, sinceMs: nowMs });
    return addresses;
  }

  async #lookUp(name: string): Promise<readonly string[]> {
    if (this.#lookups >= MAX_LOOKUPS) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#lookups++;
    try {
      return await this.#lookup(name);
    } finally {
      this.#lookups--;
      this.#waiting.shift()?.();
    }
  }
}
