import { type Change, type EntityKey, type Health, type Hold, type Instance, instanceKey } from "../../model/index.js";
import { type Clock, TimerWheel } from "../../stream/index.js";
import { CALM, type FlapHistory, type FlapLimits, holdOf, noteChange } from "./flapping.js";

/** How long an instance must be calm until its earlier holds are forgotten, after the last one ended. */
const FORGET_MS = 600_000;

/** Options of `Flaps`. */
export interface FlapsOptions {
  readonly clock: Clock;
  readonly limits: FlapLimits;
}

/** Which instances changed their health lately, kept from the durable feed: those that never change cost nothing. */
export class Flaps {
  readonly #options: FlapsOptions;
  readonly #histories = new Map<EntityKey, FlapHistory>();
  readonly #wheel: TimerWheel<EntityKey>;

  constructor(options: FlapsOptions) {
    this.#options = options;
    const onDue = (keys: readonly EntityKey[]) => {
      for (const key of keys) this.#histories.delete(key);
    };
    this.#wheel = new TimerWheel({ clock: options.clock, tickMs: 10_000, pauseMs: 60_000, onDue });
  }

  /** Takes in a stored instance: its holds go on counting. */
  restore(instance: Instance): void {
    const { held } = instance.voices ?? {};
    if (held) this.#remember(instanceKey(instance), { ...CALM, holds: held.times }, held);
  }

  /** Takes in one durable change. */
  follow({ key, before, after }: Change, committedAtMs: number): void {
    if (after?.kind !== "instance") {
      this.#histories.delete(key);
      this.#wheel.clear(key);
      return;
    }
    if (before?.kind !== "instance") return;
    const { voices, health } = after.value;
    const changed = health !== before.value.health;
    const held = voices?.held;
    const isNewHold = held !== undefined && held.untilMs !== before.value.voices?.held?.untilMs;
    if (!changed && !isNewHold) return;
    let history = this.#histories.get(key) ?? CALM;
    if (changed) history = noteChange(history, committedAtMs, this.#options.limits);
    if (isNewHold) history = { changesMs: [], holds: held.times }; // what led to this hold must not lead to the next
    this.#remember(key, history, held);
  }

  /** The hold that keeps an instance from getting that good now; undefined when it may. */
  holdOf(before: Instance, to: Health, nowMs: number): Hold | undefined {
    const history = this.#histories.get(instanceKey(before));
    return history && holdOf(history, { from: before.health, to, nowMs }, this.#options.limits);
  }

  /** Stops the time. */
  stop(): void {
    this.#wheel.stop();
  }

  #remember(key: EntityKey, history: FlapHistory, held: Hold | undefined): void {
    this.#histories.set(key, history);
    const holdMs = held ? Math.max(0, held.untilMs - this.#options.clock.wallMs()) : 0;
    this.#wheel.set(key, holdMs + FORGET_MS);
  }
}
