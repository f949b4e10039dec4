import type { Logger } from "pino";
import { type EntityKey, type Finding, type Instance, instanceKey } from "../../../model/index.js";
import { type Clock, TimerWheel } from "../../../stream/index.js";
import type { ProbeAddresses } from "./addresses.js";
import type { ProbeMetrics } from "./metrics.js";
import { ProbeLine } from "./probe-line.js";
import { findingOf, learn, nextDueMs, type ProbedInstance, sameFinding, toBeProbed } from "./probed-instance.js";
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
/** What is lacking for probes is logged so often at most. */
const COMPLAIN_EVERY_MS = 60_000;

/**
 * Probes instances that asked for it, and tells when what it finds changes.
 *
 * An instance: waiting for its time -> due, in line -> being probed -> waiting. What it holds of an instance ends with it.
 */
export class Prober {
  readonly #options: ProberOptions;
  readonly #instances = new Map<EntityKey, ProbedInstance>();
  readonly #wheel: TimerWheel<EntityKey>;
  readonly #line: ProbeLine<EntityKey>;
  readonly #resolver: Resolver;
  readonly #random: () => number;
  /** Those to which a connection is kept. */
  readonly #connected = new Set<ProbedInstance>();
  #complainAtMs = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#resolver = new Resolver(options);
    this.#line = new ProbeLine({
      max: options.limits.maxInFlight,
      run: (key) => this.#probe(key),
      onUnderWay: (count) => options.metrics.inFlight.set(count),
    });
    this.#wheel = new TimerWheel({ clock: options.clock, tickMs: TICK_MS, onDue: (keys) => this.#line.add(keys) });
  }

  /** Connections that it holds, at most: those that are kept, and one for each probe under way. */
  get connections(): number {
    return this.#connected.size + this.#line.underWay;
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
   * place goes on undisturbed. What is written of it that is not what is found is told.
   */
  follow(instance: Instance): void {
    if (this.#stopped) return;
    this.#take(instance, FIRST_WITHIN_MS);
    if (!sameFinding(this.finding(instance), instance.voices?.probed)) this.#options.onFinding(instanceKey(instance));
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
    const target = targetOf(instance);
    const known = this.#instances.get(instanceKey(instance));
    if (known && target && sameTarget(known.target, target)) return findingOf(known);
    return target && instance.voices?.probed;
  }

  /** Ends probes and closes connections. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wheel.stop();
    for (const key of [...this.#instances.keys()]) this.forget(key);
    await this.#line.settled();
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
    this.#instances.set(key, toBeProbed(target, instance.voices?.probed, dueMs));
    this.#wheel.set(key, delayMs);
    this.#options.metrics.probed.set(this.#instances.size);
  }

  /** Never rejects. */
  async #probe(key: EntityKey): Promise<void> {
    const instance = this.#instances.get(key);
    if (!instance) return;
    const { clock, metrics, limits, run = runProbe } = this.#options;
    const came = await run(instance, { clock, resolver: this.#resolver });
    if (this.#instances.get(key) !== instance) return this.#closeClient(instance);
    if (instance.client) this.#connected.add(instance);
    else this.#connected.delete(instance);
    if (this.#connected.size > limits.maxConnections) this.#closeClient(instance);
    metrics.probes.inc({ kind: instance.target.check.probe.kind, outcome: came.kind });
    if (came.kind === "void" && came.lack !== undefined) this.#complain(came.lack);
    const before = findingOf(instance);
    learn(instance, came);
    const nowMs = clock.monotonicMs();
    instance.dueMs = nextDueMs(instance, came, { nowMs, random: this.#random() });
    this.#wheel.set(key, instance.dueMs - nowMs);
    if (findingOf(instance) !== before) this.#options.onFinding(key);
  }

  #complain(lack: string): void {
    const { clock, log } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs < this.#complainAtMs) return;
    this.#complainAtMs = nowMs + COMPLAIN_EVERY_MS;
    log.warn({ lack }, "probes cannot be made; what was found stands");
  }

  #closeClient(instance: ProbedInstance): void {
    instance.client?.probe.close();
    instance.client = undefined;
    this.#connected.delete(instance);
  }
}
