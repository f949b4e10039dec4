import type { Logger } from "pino";
import {
  type ChangeSet,
  type EntityKey,
  type Instance,
  instanceKey,
  type ServiceRef,
  serviceKey,
} from "../../model/index.js";
import type { Store } from "../../store/index.js";
import type { Clock } from "../../stream/index.js";
import { instanceAt, serviceAt } from "../head.js";
import type { RegistryMetrics } from "../metrics.js";
import type { FlapLimits } from "./flapping.js";
import { Flaps } from "./flaps.js";
import { Judge } from "./judge.js";
import { type JudgedService, type ObservedCalls, Outliers } from "./outliers/outliers.js";
import type { ProbeAddresses } from "./probe/addresses.js";
import { type ProbeLimits, Prober } from "./probe/prober.js";
import { Reviews } from "./reviews.js";

/** What bounds the work for health. */
export interface HealthLimits {
  readonly flaps: FlapLimits;
  readonly probes: ProbeLimits;
}

/** Options of `HealthKeeper`. */
export interface HealthKeeperOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: RegistryMetrics;
  readonly limits: HealthLimits;
  /** Which addresses may be probed. */
  readonly addresses: ProbeAddresses;
  /** 0 to below 1; spreads probes. Default Math.random. */
  readonly random?: () => number;
  readonly maxCommitChanges: number;
}

/**
 * All that decides on health, joined: probes and callers find, the judge weighs, reviews commit.
 *
 * It follows the durable feed, so whatever was written by others is heard here as it is by everybody.
 */
export class HealthKeeper {
  /** Judges every write. */
  readonly judge: Judge;
  readonly #flaps: Flaps;
  readonly #prober: Prober;
  readonly #outliers: Outliers;
  readonly #reviews: Reviews;

  constructor(options: HealthKeeperOptions) {
    const { store, clock, log, metrics, limits, addresses, random, maxCommitChanges } = options;
    const review = (keys: readonly EntityKey[]) => this.#reviews.review(keys);
    this.#flaps = new Flaps({ clock, limits: limits.flaps });
    this.judge = new Judge({ flaps: this.#flaps, wallMs: () => clock.wallMs() });
    this.#prober = new Prober({
      clock,
      log,
      metrics: metrics.probes,
      limits: limits.probes,
      addresses,
      ...(random && { random }),
      onFinding: (key) => review([key]),
    });
    this.#outliers = new Outliers({
      clock,
      metrics: metrics.outliers,
      service: (ref) => judgedIn(store, ref),
      onFinding: review,
    });
    const finders = { probes: this.#prober, callers: this.#outliers };
    this.#reviews = new Reviews({ store, clock, log, metrics, judge: this.judge, ...finders, maxCommitChanges });
  }

  /** Connections that probes hold now. */
  get probeConnections(): number {
    return this.#prober.connections;
  }

  /** Takes in a stored instance. */
  restore(instance: Instance): void {
    this.#flaps.restore(instance);
    this.#prober.begin(instance);
    this.#outliers.begin(instance);
    this.#reviews.begin(instance);
  }

  /** Takes in one durable change set. */
  follow({ changes, committedAtMs }: ChangeSet): void {
    for (const change of changes) {
      if (change.key.startsWith("service/")) continue;
      this.#flaps.follow(change, committedAtMs);
      if (change.after?.kind === "instance") this.#prober.follow(change.after.value);
      else this.#forget(change.key);
      this.#reviews.follow(change);
    }
  }

  /** Takes in how calls went. */
  observe(calls: Iterable<ObservedCalls>): void {
    this.#outliers.observe(calls);
  }

  /** Stops the time; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#flaps.stop();
    this.#outliers.stop();
    await Promise.all([this.#prober.stop(), this.#reviews.stop()]);
  }

  #forget(key: EntityKey): void {
    this.#prober.forget(key);
    this.#outliers.forget(key);
  }
}

function judgedIn(store: Store, ref: ServiceRef): JudgedService | undefined {
  const key = serviceKey(ref);
  const service = serviceAt(store, key);
  if (!service) return undefined;
  const { namespace, name } = ref;
  return {
    detection: service.outlierDetection,
    has: (id) => instanceAt(store, instanceKey({ namespace, service: name, id })) !== undefined,
    instances: () => [...store.peekInstances(key)].flatMap((member) => instanceAt(store, member) ?? []),
  };
}
