import type { ServiceUpdate, Target } from "./discovery.js";

/**
 * Which services the reader of a "*" target knows of: when history is gone, he must still hear which of them are gone too.
 * Targets that name their service need no such memory.
 */
export class ToldServices {
  /** number of a "*" target -> names of the services that its reader knows. */
  readonly #names = new Map<number, Set<string>>();

  constructor(targets: readonly Target[]) {
    for (const [target, { service }] of targets.entries()) if (service === "*") this.#names.set(target, new Set());
  }

  /** Numbers of the "*" targets. */
  get targets(): Iterable<number> {
    return this.#names.keys();
  }

  /** The reader of a "*" target knows of this service from an earlier watch. */
  knows(target: number, service: string): void {
    this.#names.get(target)?.add(service);
  }

  /** The reader forgets all. */
  clear(): void {
    for (const names of this.#names.values()) names.clear();
  }

  /** Takes in what the reader is told. */
  note(updates: readonly ServiceUpdate[]): void {
    if (this.#names.size === 0) return;
    for (const { target, service, exists } of updates) {
      if (exists) this.#names.get(target)?.add(service);
      else this.#names.get(target)?.delete(service);
    }
  }

  /** Services that the reader knows and that full sets do not name. */
  goneFrom(sets: readonly ServiceUpdate[]): { readonly target: number; readonly service: string }[] {
    if (this.#names.size === 0) return [];
    const named = new Set(sets.map(({ target, service }) => `${target}/${service}`));
    return [...this.#names].flatMap(([target, names]) =>
      [...names].filter((service) => !named.has(`${target}/${service}`)).map((service) => ({ target, service })),
    );
  }
}
