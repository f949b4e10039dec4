import type { Logger } from "pino";
import { type EntityKey, type Finding, type Instance, instanceKey } from "../../../model/index.js";
import { type Clock, TimerWheel } from "../../../stream/index.js";
import type { ProbeAddresses } from "./addresses.js";
import type { ProbeMetrics } from "./metrics.js";
import type { Outcome } from "./outcome.js";
import { afterProbe, stateOf, UNKNOWN } from "./probe-rule.js";
import { nextDueMs, type ProbedInstance } from "./probed-instance.js";
import { type Lookup, Resolver } from "./resolver.js";
import { runProbe } from "./run-probe.js";
import { sameTarget, targetOf } from "./target.js";

/** What bounds the prober. */
export interface ProbeLimits {
  /** Probes under way at once; more wait for their turn. Default 1,000. */
  readonly maxInFlight: number;
  /** Connections kept open between probes; beyond it each probe connects anew. Default 20,000. */
  readonly maxConnections: number;
}

/** Options of a prober. */
export interface ProberOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: ProbeMetrics;
  readonly limits: ProbeLimits;
  /** Which addresses may be probed. */
  readonly addresses: ProbeAddresses;
  /** 0 to below 1; spreads probes. Default Math.random. */
  readonly random?: () => number;
  /** Called when `finding` of this instance may answer something else than before. Must not throw. */
  readonly onFinding: (key: EntityKey) => void;
  /** Default: the system's. */
  readonly lookup?: Lookup;
  /** Default: connects and asks. */
  readonly run?: typeof runProbe;
}

/** The first probe of a new instance comes within this. */
const FIRST_WITHIN_MS = 1_000;
const TICK_MS = 100;

/**
 * Probes instances that asked for it, and tells when what it finds changes.
 *
 * An instance: waiting for its time -> due, in line -> being probed -> waiting. What it holds of an instance ends with it.
 */
export class Prober {
  readonly #options: ProberOptions;
  readonly #instances = new Map<EntityKey, ProbedInstance>();
  readonly #wheel: TimerWheel<EntityKey>;
  readonly #resolver: Resolver;
  readonly #random: () => number;
  /** Due, each once, in the order in which they came. */
  readonly #line = new Set<EntityKey>();
  readonly #underWay = new Set<Promise<void>>();
  /** Connections that are kept. */
  #kept = 0;
  #stopped = false;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#resolver = new Resolver(options);
    this.#wheel = new TimerWheel({ clock: options.clock, tickMs: TICK_MS, onDue: (keys) => this.#due(keys) });
  }

  /** Connections that it holds, at most: those that are kept, and one for each probe under way. */
  get connections(): number {
    return this.#kept + this.#underWay.size;
  }

  /** How many instances are probed. */
  get size(): number {
    return this.#instances.size;
  }

  /** Takes in an instance read from the store at a start: its first probe comes somewhere within its whole interval. */
  begin(instance: Instance): void {
    this.#take(instance, instance.healthCheck?.intervalMs ?? 0);
  }

  /**
   * Takes in a durable instance, new or changed; one without a health check is forgotten. A check that is the same at the same
   * place goes on undisturbed.
   */
  follow(instance: Instance): void {
    this.#take(instance, FIRST_WITHIN_MS);
  }

  /** Ends with an instance. */
  forget(key: EntityKey): void {
    const known = this.#instances.get(key);
    if (!known) return;
    this.#instances.delete(key);
    this.#wheel.clear(key);
    this.#line.delete(key);
    known.giveUp?.();
    this.#closeClient(known);
    this.#options.metrics.probed.set(this.#instances.size);
  }

  /**
   * What probes say of an instance as it stands: that it does not serve, or that it cannot be probed (with the health
   * `serving`); undefined when they have nothing against it. While they know nothing yet, what they said before stands.
   */
  finding(instance: Instance): Finding | undefined {
    const known = this.#instances.get(instanceKey(instance));
    if (!known) return undefined;
    if (known.barred) return known.barred;
    return known.state === UNKNOWN ? instance.voices?.probed : known.state.finding;
  }

  /** Ends probes and closes connections. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wheel.stop();
    for (const key of [...this.#instances.keys()]) this.forget(key);
    await Promise.all(this.#underWay);
  }

  #take(instance: Instance, withinMs: number): void {
    const key = instanceKey(instance);
    const target = targetOf(instance);
    const known = this.#instances.get(key);
    if (known && target && sameTarget(known.target, target)) return;
    this.forget(key);
    if (!target || this.#stopped) return;
    const delayMs = this.#random() * withinMs;
    const dueMs = this.#options.clock.monotonicMs() + delayMs;
    const state = stateOf(instance.voices?.probed);
    const fresh = { barred: undefined, attempts: 0, giveUp: undefined, client: undefined };
    this.#instances.set(key, { target, state, dueMs, ...fresh });
    this.#wheel.set(key, delayMs);
    this.#options.metrics.probed.set(this.#instances.size);
  }

  #due(keys: readonly EntityKey[]): void {
    for (const key of keys) this.#line.add(key);
    this.#advance();
  }

  /** Begins as many probes as may be under way. */
  #advance(): void {
    for (const key of this.#line) {
      if (this.#underWay.size >= this.#options.limits.maxInFlight) return;
      this.#line.delete(key);
      const instance = this.#instances.get(key);
      if (!instance) continue;
      const probing = this.#probe(key, instance).finally(() => {
        this.#underWay.delete(probing);
        this.#options.metrics.inFlight.set(this.#underWay.size);
        this.#advance();
      });
      this.#underWay.add(probing);
    }
    this.#options.metrics.inFlight.set(this.#underWay.size);
  }

  /** Never rejects. */
  async #probe(key: EntityKey, instance: ProbedInstance): Promise<void> {
    const { clock, metrics, run = runProbe } = this.#options;
    const wasKept = instance.client !== undefined;
    const outcome = await run(instance, { clock, resolver: this.#resolver });
    this.#kept += Number(instance.client !== undefined) - Number(wasKept);
    if (this.#instances.get(key) !== instance) return this.#closeClient(instance);
    if (this.#kept > this.#options.limits.maxConnections) this.#closeClient(instance);
    metrics.probes.inc({ kind: instance.target.check.probe.kind, outcome: outcome.kind });
    this.#judge(key, instance, outcome);
    const how = { void: outcome.kind === "void", nowMs: clock.monotonicMs(), random: this.#random() };
    instance.dueMs = nextDueMs(instance, how);
    this.#wheel.set(key, instance.dueMs - how.nowMs);
  }

  #judge(key: EntityKey, instance: ProbedInstance, outcome: Outcome | { kind: "barred"; reason: string }): void {
    const before = instance.barred ?? instance.state.finding;
    if (outcome.kind === "barred") {
      if (instance.barred?.reason !== outcome.reason) instance.barred = { health: "serving", reason: outcome.reason };
      instance.state = UNKNOWN;
    } else {
      instance.barred = undefined;
      instance.attempts++;
      instance.state = afterProbe(instance.state, outcome, instance.target.check);
    }
    if ((instance.barred ?? instance.state.finding) !== before) this.#options.onFinding(key);
  }

  #closeClient(instance: ProbedInstance): void {
    if (!instance.client) return;
    instance.client.probe.close();
    instance.client = undefined;
    this.#kept--;
  }
}
