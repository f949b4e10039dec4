import {
  type EntityKey,
  type Finding,
  type Instance,
  instanceKey,
  type OutlierDetection,
  type ServiceRef,
  takesCalls,
} from "../../../model/index.js";
import { type Clock, TimerWheel } from "../../../stream/index.js";
import { type Outlier, outliersAmong } from "./compare.js";
import { countCalls } from "./failures.js";
import type { OutlierMetrics } from "./metrics.js";
import { type OutlierSettings, settingsOf } from "./settings.js";
import { isRemarkable, newcomer, type WatchedInstance, type WatchedService } from "./watched-service.js";

/** Calls of one instance as a consumer summed them. */
export interface ObservedCalls {
  readonly namespace: string;
  readonly service: string;
  /** Empty when it was not said. */
  readonly instanceId: string;
  /** gRPC status code -> calls that ended with it. */
  readonly callsByCode: ReadonlyMap<number, number>;
}

/** A service whose instances are compared. */
export interface JudgedService {
  readonly detection: OutlierDetection | undefined;
  /** Whether it has an instance of this id. */
  has(id: string): boolean;
  /** All its instances. */
  instances(): Iterable<Instance>;
}

/** Options of `Outliers`. */
export interface OutliersOptions {
  readonly clock: Clock;
  readonly metrics: OutlierMetrics;
  /** A service as it stands; undefined when there is no such service. */
  readonly service: (ref: ServiceRef) => JudgedService | undefined;
  /** Called when `finding` of these instances may answer something else than before. Must not throw. */
  readonly onFinding: (keys: readonly EntityKey[]) => void;
}

/** A service as it stands, with what is known of it. */
interface Situation {
  readonly ref: ServiceRef;
  readonly settings: OutlierSettings;
  readonly service: JudgedService;
  readonly watched: WatchedService;
}

/**
 * Puts instances out, for a while, that do worse than their siblings, as their callers report.
 *
 * A service is watched while something is known of it that matters: one that nobody reports about costs nothing.
 */
export class Outliers {
  readonly #options: OutliersOptions;
  /** "namespace/service" -> what is known. */
  readonly #services = new Map<string, WatchedService>();
  readonly #intervals: TimerWheel<string>;
  readonly #returns: TimerWheel<EntityKey>;
  #ejected = 0;

  constructor(options: OutliersOptions) {
    this.#options = options;
    const { clock } = options;
    this.#intervals = new TimerWheel({ clock, onDue: (names) => this.#compare(names) });
    this.#returns = new TimerWheel({ clock, onDue: (keys) => this.#bringBack(keys) });
  }

  /** How many instances are out. */
  get ejected(): number {
    return this.#ejected;
  }

  /** Takes in an instance read from the store at a start: one that was out stays so for its base time. */
  begin(instance: Instance): void {
    const finding = instance.voices?.observed;
    const ref = { namespace: instance.namespace, name: instance.service };
    const service = finding && this.#options.service(ref);
    if (!service) return;
    const { baseEjectionTimeMs } = settingsOf(service.detection);
    const watched = this.#watch(ref, settingsOf(service.detection));
    const known = newcomer();
    watched.instances.set(instance.id, known);
    this.#setEjection(instanceKey(instance), known, finding, baseEjectionTimeMs);
  }

  /** It left. */
  forget(key: EntityKey): void {
    const [, namespace, service, id = ""] = key.split("/");
    const watched = this.#services.get(`${namespace}/${service}`);
    const known = watched?.instances.get(id);
    if (!watched || !known) return;
    watched.instances.delete(id);
    this.#returns.clear(key);
    if (known.ejection) this.#count(-1);
  }

  /** Takes in what consumers saw lately; what names an unknown service or instance is passed over. */
  observe(calls: Iterable<ObservedCalls>): void {
    /** "namespace/service" -> the service, looked up once. */
    const situations = new Map<string, Situation | undefined>();
    for (const observed of calls) {
      if (observed.instanceId === "") continue;
      const name = `${observed.namespace}/${observed.service}`;
      if (!situations.has(name)) situations.set(name, this.#situation(name));
      const situation = situations.get(name);
      if (situation) this.#take(situation, observed);
    }
  }

  /** What callers say of an instance: that it is out; undefined when it is not. The same object for as long as it is. */
  finding({ namespace, service, id }: Instance): Finding | undefined {
    return this.#services.get(`${namespace}/${service}`)?.instances.get(id)?.ejection?.finding;
  }

  /** Stops the time. */
  stop(): void {
    this.#intervals.stop();
    this.#returns.stop();
  }

  #take(situation: Situation, { instanceId, callsByCode }: ObservedCalls): void {
    const { watched, settings, service } = situation;
    if (!service.has(instanceId)) return;
    const known = watched.instances.get(instanceId) ?? newcomer();
    watched.instances.set(instanceId, known);
    const { calls, failures } = countCalls(callsByCode);
    known.calls += calls;
    known.failures += failures;
    // A report is a sum: in which order its calls ended is not known.
    known.run = failures < calls ? 0 : known.run + failures;
    if (settings.consecutive5xx === 0 || known.run < settings.consecutive5xx) return;
    const evidence = `${known.run} failed calls in a row`;
    known.run = 0;
    this.#eject(situation, { id: instanceId, test: "consecutive_5xx", evidence });
  }

  /** An interval is over: compares, forgets what the calls were, and whatever does not matter any more. */
  #compare(names: readonly string[]): void {
    for (const name of names) {
      const situation = this.#situation(name);
      if (!situation) {
        this.#drop(name);
        continue;
      }
      const { watched, settings } = situation;
      const tallies = [...watched.instances].map(([id, { calls, failures }]) => ({ id, calls, failures }));
      for (const outlier of outliersAmong(tallies, settings)) this.#eject(situation, outlier);
      if (settings.maxEjectionPercent === 0) this.#bringBack(this.#keysOut(situation));
      for (const [id, known] of watched.instances) this.#endInterval(watched, id, known);
      if (watched.instances.size === 0) this.#services.delete(name);
      else this.#intervals.set(name, settings.intervalMs);
    }
  }

  #endInterval(watched: WatchedService, id: string, known: WatchedInstance): void {
    known.calls = 0;
    known.failures = 0;
    if (!known.ejection) known.times = Math.max(0, known.times - 1);
    if (!isRemarkable(known)) watched.instances.delete(id);
  }

  #eject(situation: Situation, { id, test, evidence }: Outlier): void {
    const { ref, watched, settings } = situation;
    const known = watched.instances.get(id);
    if (!known || known.ejection || settings.maxEjectionPercent === 0) return;
    if (!mayEject(situation, id)) {
      this.#options.metrics.refused.inc();
      return;
    }
    known.times++;
    const lastsMs = Math.min(settings.maxEjectionTimeMs, settings.baseEjectionTimeMs * known.times);
    const finding = { health: settings.ejectedHealth, reason: `ejected for ${lastsMs / 1_000} s: ${evidence}` };
    const key = instanceKey({ namespace: ref.namespace, service: ref.name, id });
    this.#setEjection(key, known, finding, lastsMs);
    this.#options.metrics.ejections.inc({ test });
    this.#options.onFinding([key]);
  }

  #setEjection(key: EntityKey, known: WatchedInstance, finding: Finding, lastsMs: number): void {
    known.ejection = { finding, untilMs: this.#options.clock.monotonicMs() + lastsMs };
    this.#returns.set(key, lastsMs);
    this.#count(1);
  }

  #bringBack(keys: readonly EntityKey[]): void {
    const back = keys.filter((key) => {
      const [, namespace, service, id = ""] = key.split("/");
      const known = this.#services.get(`${namespace}/${service}`)?.instances.get(id);
      if (!known?.ejection) return false;
      known.ejection = undefined;
      known.run = 0;
      this.#returns.clear(key);
      this.#count(-1);
      return true;
    });
    if (back.length > 0) this.#options.onFinding(back);
  }

  #keysOut({ ref, watched }: Situation): EntityKey[] {
    const out = [...watched.instances].filter(([, { ejection }]) => ejection !== undefined);
    return out.map(([id]) => instanceKey({ namespace: ref.namespace, service: ref.name, id }));
  }

  #situation(place: string): Situation | undefined {
    const [namespace = "", name = ""] = place.split("/");
    const ref = { namespace, name };
    const service = this.#options.service(ref);
    if (!service) return undefined;
    const settings = settingsOf(service.detection);
    return { ref, settings, service, watched: this.#watch(ref, settings) };
  }

  #watch({ namespace, name }: ServiceRef, { intervalMs }: OutlierSettings): WatchedService {
    const place = `${namespace}/${name}`;
    const known = this.#services.get(place);
    if (known) return known;
    const watched: WatchedService = { instances: new Map() };
    this.#services.set(place, watched);
    this.#intervals.set(place, intervalMs);
    return watched;
  }

  #drop(name: string): void {
    const watched = this.#services.get(name);
    for (const id of [...(watched?.instances.keys() ?? [])]) this.forget(`instance/${name}/${id}`);
    this.#services.delete(name);
  }

  #count(by: 1 | -1): void {
    this.#ejected += by;
    this.#options.metrics.ejected.set(this.#ejected);
  }
}

/** One may be out in any case; more only up to the share; and never the last one that takes calls. */
function mayEject({ watched, settings, service }: Situation, id: string): boolean {
  const isOut = (one: Instance) => watched.instances.get(one.id)?.ejection !== undefined;
  const instances = [...service.instances()];
  const out = instances.filter(isOut).length;
  const isLast = !instances.some((one) => one.id !== id && takesCalls(one.health) && !isOut(one));
  if (isLast && settings.ejectedHealth === "not-serving") return false;
  return out === 0 || (out + 1) * 100 <= settings.maxEjectionPercent * instances.length;
}
