import type { Logger } from "pino";
import {
  type Change,
  type EntityDraft,
  type EntityKey,
  type Finding,
  type Instance,
  type InstanceDraft,
  instanceKey,
} from "../../model/index.js";
import type { Store } from "../../store/index.js";
import { type Clock, TimerWheel } from "../../stream/index.js";
import { caseOf, instanceAt } from "../head.js";
import { draftOf, keptOf } from "../instance-draft.js";
import type { RegistryMetrics } from "../metrics.js";
import { Overdue } from "../overdue.js";
import type { Judge } from "./judge.js";
import { sameVoices } from "./same-voices.js";
import { nextShare, stepMs } from "./slow-start.js";

/** Who finds out how instances are. */
export interface Finder {
  /** What it says of an instance; undefined when it has nothing against it. */
  finding(instance: Instance): Finding | undefined;
}

/** Options of `Reviews`. */
export interface ReviewsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: RegistryMetrics;
  readonly judge: Judge;
  readonly probes: Finder;
  readonly callers: Finder;
  /** Instances in one commit. */
  readonly maxCommitChanges: number;
}

const ACTOR = "system:health";
const CAUSE = "health";

/**
 * Commits what became of instances without a request: a finding changed, an order or a hold ended, a weight grew.
 *
 * standing -> to be reviewed -> standing. A review looks at everything anew, so one that comes too often, or again after a
 * commit failed, does no harm; one that changes nothing commits nothing. What is reviewed together is committed together.
 */
export class Reviews {
  readonly #options: ReviewsOptions;
  readonly #wheel: TimerWheel<EntityKey>;
  readonly #overdue: Overdue<EntityKey>;
  /** key -> monotonic time of its next step to its whole weight. */
  readonly #stepsMs = new Map<EntityKey, number>();

  constructor(options: ReviewsOptions) {
    this.#options = options;
    const { clock, log, metrics } = options;
    this.#wheel = new TimerWheel({ clock, onDue: (keys) => this.review(keys) });
    this.#overdue = new Overdue({
      clock,
      log,
      onRetry: () => metrics.retries.inc(),
      attempt: (keys) => this.#commit(keys),
    });
  }

  /** Takes in a stored instance. */
  begin(instance: Instance): void {
    this.#beginStep(instance);
    this.#schedule(instance);
  }

  /** Takes in one durable change of an instance. */
  follow({ key, before, after }: Change): void {
    if (after?.kind !== "instance") {
      this.#wheel.clear(key);
      this.#stepsMs.delete(key);
      return;
    }
    const earlier = before?.kind === "instance" ? before.value.slowStartPercent : undefined;
    if (after.value.slowStartPercent !== earlier) this.#beginStep(after.value);
    this.#schedule(after.value);
  }

  /** Looks at instances anew, in this turn of the event loop or, while a commit is under way, after it. */
  review(keys: Iterable<EntityKey>): void {
    this.#overdue.add(keys);
  }

  /** Stops the time; resolves when no commit is under way. */
  async stop(): Promise<void> {
    this.#wheel.stop();
    await this.#overdue.stop();
  }

  #commit(keys: ReadonlySet<EntityKey>): Promise<unknown> {
    const { store, metrics, maxCommitChanges } = this.#options;
    const puts: EntityDraft[] = [];
    for (const key of keys) {
      const instance = instanceAt(store, key);
      const value = instance && this.#reviewed(key, instance);
      if (value) puts.push({ kind: "instance", value });
      else this.#dismiss(key, instance);
      if (puts.length >= maxCommitChanges) break;
    }
    if (puts.length === 0) return Promise.resolve();
    return store.commit({ actor: ACTOR, cause: CAUSE, puts }).then(() => metrics.healthChanges.inc(puts.length));
  }

  #dismiss(key: EntityKey, instance: Instance | undefined): void {
    this.#overdue.delete(key);
    if (instance) this.#schedule(instance);
  }

  /** The instance as it is to be now; undefined when it stands so already. */
  #reviewed(key: EntityKey, instance: Instance): InstanceDraft | undefined {
    const { store, judge } = this.#options;
    const voices = this.#voicesOf(instance);
    const context = caseOf(store, instance, instance);
    const judged = draftOf(instance, { ...keptOf(instance), voices, ...context }, judge);
    const { slowStartPercent, ...draft } = judged;
    const share =
      this.#isStepDue(key) && slowStartPercent !== undefined ? nextShare(slowStartPercent) : slowStartPercent;
    const next = share === undefined ? draft : { ...draft, slowStartPercent: share };
    return standsAs(instance, next) ? undefined : next;
  }

  #voicesOf(instance: Instance) {
    const { probes, callers } = this.#options;
    const { ordered, held } = instance.voices ?? {};
    const probed = probes.finding(instance);
    const observed = callers.finding(instance);
    return {
      ...(probed && { probed }),
      ...(observed && { observed }),
      ...(ordered && { ordered }),
      ...(held && { held }),
    };
  }

  #beginStep(instance: Instance): void {
    const key = instanceKey(instance);
    const { store, clock } = this.#options;
    const lengthMs = stepMs(caseOf(store, instance, instance).service) ?? 0;
    if (instance.slowStartPercent === undefined) this.#stepsMs.delete(key);
    else this.#stepsMs.set(key, clock.monotonicMs() + lengthMs);
  }

  #isStepDue(key: EntityKey): boolean {
    return (this.#stepsMs.get(key) ?? Number.POSITIVE_INFINITY) <= this.#options.clock.monotonicMs();
  }

  /** The next moment at which something of an instance ends or grows by itself. */
  #schedule(instance: Instance): void {
    const { clock } = this.#options;
    const key = instanceKey(instance);
    const { ordered, held } = instance.voices ?? {};
    const endsMs = Math.min(ordered?.untilMs ?? Number.POSITIVE_INFINITY, held?.untilMs ?? Number.POSITIVE_INFINITY);
    const stepMs = this.#stepsMs.get(key) ?? Number.POSITIVE_INFINITY;
    const delayMs = Math.min(endsMs - clock.wallMs(), stepMs - clock.monotonicMs());
    if (delayMs === Number.POSITIVE_INFINITY) this.#wheel.clear(key);
    else this.#wheel.set(key, Math.max(0, delayMs));
  }
}

function standsAs(instance: Instance, draft: InstanceDraft): boolean {
  return (
    instance.health === draft.health &&
    instance.healthReason === draft.healthReason &&
    instance.slowStartPercent === draft.slowStartPercent &&
    sameVoices(instance.voices, draft.voices)
  );
}
