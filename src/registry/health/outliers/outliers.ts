import {
  type EntityKey,
  type Finding,
  type Instance,
  instanceKey,
  type OutlierDetection,
  type ServiceRef,
} from "../../../model/index.js";
import { type Clock, TimerWheel } from "../../../stream/index.js";
import { type Outlier, outliersAmong } from "./compare.js";
import { countHeads, ejectionMs, type Headcount, mayEject, putOut, timesWithThis } from "./ejection.js";
import { countCalls } from "./failures.js";
import type { OutlierMetrics } from "./metrics.js";
import { type OutlierSettings, settingsOf } from "./settings.js";
import {
  endInterval,
  isMoving,
  isRemarkable,
  newcomer,
  talliesOf,
  type WatchedInstance,
  type WatchedService,
} from "./watched-service.js";

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
  /** Counted when the first outlier is found: where a whole service fails, there is one for each instance. */
  heads: Headcount | undefined;
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
    if (watched.instances.size === 0) this.#unwatch(`${namespace}/${service}`);
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
    return this.#services.get(`${namespace}/${service}`)?.instances.get(id)?.ejection;
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
    this.#beginInterval(situation);
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
      for (const outlier of outliersAmong(talliesOf(watched), settings)) this.#eject(situation, outlier);
      if (settings.maxEjectionPercent === 0) this.#bringBack(keysOut(situation.ref, watched));
      for (const [id, known] of watched.instances) {
        endInterval(known);
        if (!isRemarkable(known)) watched.instances.delete(id);
      }
      if (watched.instances.size === 0) this.#unwatch(name);
      else if ([...watched.instances.values()].some(isMoving)) this.#beginInterval(situation);
    }
  }

  #eject(situation: Situation, { id, test, evidence }: Outlier): void {
    const { ref, watched, settings } = situation;
    const known = watched.instances.get(id);
    if (!known || known.ejection || settings.maxEjectionPercent === 0) return;
    situation.heads ??= countHeads(situation.service.instances(), (one) => isOut(watched, one));
    if (!mayEject(situation.heads, id, settings)) {
      this.#options.metrics.refused.inc();
      return;
    }
    putOut(situation.heads, id);
    known.times = timesWithThis(settings, known.times);
    const lastsMs = ejectionMs(settings, known.times);
    const finding = { health: settings.ejectedHealth, reason: `ejected for ${lastsMs / 1_000} s: ${evidence}` };
    const key = instanceKey({ namespace: ref.namespace, service: ref.name, id });
    this.#setEjection(key, known, finding, lastsMs);
    this.#options.metrics.ejections.inc({ test });
    this.#options.onFinding([key]);
  }

  #setEjection(key: EntityKey, known: WatchedInstance, finding: Finding, lastsMs: number): void {
    known.ejection = finding;
    known.wasOut = true;
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

  #situation(place: string): Situation | undefined {
    const [namespace = "", name = ""] = place.split("/");
    const ref = { namespace, name };
    const service = this.#options.service(ref);
    if (!service) return undefined;
    const settings = settingsOf(service.detection);
    return { ref, settings, service, watched: this.#watch(ref, settings), heads: undefined };
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

  /** Unless one is under way. */
  #beginInterval({ ref, settings }: Situation): void {
    const place = `${ref.namespace}/${ref.name}`;
    if (this.#intervals.remainingMs(place) === undefined) this.#intervals.set(place, settings.intervalMs);
  }

  #unwatch(place: string): void {
    this.#services.delete(place);
    this.#intervals.clear(place);
  }

  #drop(place: string): void {
    const [namespace = "", name = ""] = place.split("/");
    const watched = this.#services.get(place);
    if (watched) this.#bringBack(keysOut({ namespace, name }, watched));
    this.#unwatch(place);
  }

  #count(by: 1 | -1): void {
    this.#ejected += by;
    this.#options.metrics.ejected.set(this.#ejected);
  }
}

function isOut({ instances }: WatchedService, id: string): boolean {
  return instances.get(id)?.ejection !== undefined;
}

function keysOut({ namespace, name }: ServiceRef, { instances }: WatchedService): EntityKey[] {
  const out = [...instances].filter(([, { ejection }]) => ejection !== undefined);
  return out.map(([id]) => instanceKey({ namespace, service: name, id }));
}
