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
/** Names that wait for their turn; more are refused. */
const MAX_WAITING = 10_000;
/** Addresses of one name that are tried. */
const MAX_ADDRESSES = 4;

/** All addresses of a name. Rejects when there are none. */
export type Lookup = (name: string) => Promise<readonly string[]>;

/** Asks the system. */
export const systemLookup: Lookup = async (name) => {
  const found = await lookupName(name, { all: true });
  return found.map(({ address }) => address);
};

/** Options of `Resolver`. */
export interface ResolverOptions {
  readonly addresses: ProbeAddresses;
  readonly clock: Clock;
  /** Default: the system's. */
  readonly lookup?: Lookup;
}

/** Too many names wait already: it says nothing of the name. */
export class ResolverFull extends Error {}

/** Where a host may be probed: the addresses that are answered were checked, and are the ones to connect to. */
export class Resolver {
  readonly #addresses: ProbeAddresses;
  readonly #lookup: Lookup;
  readonly #clock: Clock;
  /** name -> what it resolved to, and the monotonic time until which that is believed. */
  readonly #known = new LRUCache<string, { readonly addresses: readonly string[]; readonly untilMs: number }>({
    max: MAX_NAMES,
  });
  /** name -> its lookup, waiting or under way. */
  readonly #asked = new Map<string, Promise<readonly string[]>>();
  /** name -> begins its lookup, in the order in which they came. */
  readonly #waiting = new Map<string, () => void>();
  #underWay = 0;

  constructor({ addresses, clock, lookup = systemLookup }: ResolverOptions) {
    this.#addresses = addresses;
    this.#lookup = lookup;
    this.#clock = clock;
  }

  /** The addresses of a host that may be probed, four at most. Rejects when the name has none, or with ResolverFull. */
  async resolve(host: string): Promise<readonly string[]> {
    const addresses = isIP(host) ? [host] : await this.#named(host);
    return addresses.filter((address) => this.#addresses.allows(address)).slice(0, MAX_ADDRESSES);
  }

  /** True while nobody was asked yet about a name, because others are before it. */
  waits(host: string): boolean {
    return this.#waiting.has(host);
  }

  #named(name: string): Promise<readonly string[]> | readonly string[] {
    const known = this.#known.get(name);
    if (known && this.#clock.monotonicMs() < known.untilMs) return known.addresses;
    const earlier = this.#asked.get(name);
    if (earlier !== undefined) return earlier;
    if (this.#waiting.size >= MAX_WAITING) throw new ResolverFull();
    const asked = this.#ask(name);
    this.#asked.set(name, asked);
    return asked;
  }

  /** A failure is not remembered. */
  async #ask(name: string): Promise<readonly string[]> {
    await this.#turn(name);
    try {
      const addresses = await this.#lookup(name);
      this.#known.set(name, { addresses, untilMs: this.#clock.monotonicMs() + BELIEVED_MS });
      return addresses;
    } finally {
      this.#asked.delete(name);
      this.#handOn();
    }
  }

  async #turn(name: string): Promise<void> {
    if (this.#underWay < MAX_LOOKUPS) this.#underWay++;
    else await new Promise<void>((begin) => this.#waiting.set(name, begin));
  }

  /** Whose turn ends gives it to the next. */
  #handOn(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#underWay--;
      return;
    }
    const [name, begin] = next;
    this.#waiting.delete(name);
    begin();
  }
}
