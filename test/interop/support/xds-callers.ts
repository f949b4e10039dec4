import { API_TYPES } from "./envoy.js";
import type { Caller } from "./xds-caller.js";
import { LIBRARIES } from "./xds-clients.js";
import type { CallerKind, XdsWorld } from "./xds-world.js";

/** All that we can call by. */
export const EVERYBODY: readonly CallerKind[] = [...LIBRARIES, ...API_TYPES];
/** grpc-js-xds 1.14.1 waits for ever for a resource that was missing or deleted, by a fault of its own. */
export const WHO_NOTICES_ABSENCE: readonly CallerKind[] = EVERYBODY.filter((kind) => kind !== "node");

/** Several callers of one service. What they did is told by kind, so that a test says who did otherwise. */
export class Callers {
  readonly #callers: ReadonlyMap<CallerKind, Caller>;

  private constructor(callers: ReadonlyMap<CallerKind, Caller>) {
    this.#callers = callers;
  }

  static async start(world: XdsWorld, service: string, kinds: readonly CallerKind[]): Promise<Callers> {
    const callers = kinds.map(async (kind) => [kind, await world.caller(kind, service, 10)] as const);
    return new Callers(new Map(await Promise.all(callers)));
  }

  /** What each of them answers, all at once. */
  async each<T>(act: (caller: Caller) => T | Promise<T>): Promise<Partial<Record<CallerKind, T>>> {
    const answers = [...this.#callers].map(async ([kind, caller]) => [kind, await act(caller)] as const);
    return Object.fromEntries(await Promise.all(answers));
  }

  /** The same for each of them. */
  all<T>(value: T): Partial<Record<CallerKind, T>> {
    return Object.fromEntries([...this.#callers.keys()].map((kind) => [kind, value]));
  }

  /** Does something; answers which calls failed from its beginning to the end of another few calls. */
  async failuresDuring(act: () => Promise<unknown>): Promise<Partial<Record<CallerKind, unknown[]>>> {
    const marks = new Map<Caller, number>();
    await this.each((caller) => marks.set(caller, caller.calls.length));
    await act();
    await this.each((caller) => caller.next(10));
    return await this.each((caller) => caller.failures(marks.get(caller)));
  }
}
