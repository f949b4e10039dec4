import type { Random } from "../support/campaign.js";
import type { Asked, Cell, Told } from "./history.js";

/** What the workers together have seen last: for expectations that often hold, and values that stand already. */
export class Sightings {
  /** service, or service/id -> the newest cell seen there. */
  readonly #cells = new Map<string, Cell>();
  #revision = 0;

  /** The highest revision that any answer named. */
  get revision(): number {
    return this.#revision;
  }

  learn({ service }: Asked, { revision = 0, seen = [], about }: Told): void {
    this.#revision = Math.max(this.#revision, revision);
    for (const cell of seen) this.#see(`${service}/${cell.id}`, cell);
    if (about) this.#see(service, about);
  }

  valueAt(key: string): string | undefined {
    return this.#cells.get(key)?.value;
  }

  /** A revision to expect of a key: mostly the last one seen, sometimes none, which means that it must not exist. */
  expectationOf(key: string, random: Random): number {
    return random.chance(0.75) ? (this.#cells.get(key)?.mod ?? 0) : 0;
  }

  #see(key: string, cell: Cell): void {
    if (cell.mod >= (this.#cells.get(key)?.mod ?? 0)) this.#cells.set(key, cell);
  }
}
