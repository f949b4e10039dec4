import type { Discovered, ServiceUpdate } from "./discovery.js";
import type { ViewUpdate } from "./view.js";

interface MergedInstance {
  /** True when the reader was told of it before all this. */
  readonly before: boolean;
  after: Discovered | undefined;
}

interface MergedService {
  readonly target: number;
  readonly namespace: string;
  readonly service: string;
  readonly existed: boolean;
  exists: boolean;
  readonly panicBefore: boolean;
  panic: boolean;
  /** instance id -> what became of it, newest last. */
  readonly instances: Map<string, MergedInstance>;
}

/**
 * Updates of several commits as one: where each instance stands now, told from where the reader knew it.
 *
 * Why a map and not a queue: a reader of state needs where things stand, not each step on the way. Every entry is an
 * instance that is shown or that the reader was told of, and their number is the bound, however slow the reader and however
 * long the churn. An instance that came and went unseen leaves nothing; a removal that matters is never lost.
 */
export class MergedUpdates {
  readonly #services = new Map<string, MergedService>();
  #replaced = 0;

  /** Changes that newer ones replaced. */
  get replaced(): number {
    return this.#replaced;
  }

  /** Takes one update in, after all that came before it. */
  add(target: number, update: ViewUpdate): void {
    const merged = this.#serviceFor(target, update);
    merged.exists = update.exists;
    merged.panic = update.panic;
    for (const step of update.steps) {
      const earlier = merged.instances.get(step.id);
      if (earlier) this.#replaced++;
      const before = earlier ? earlier.before : step.before;
      merged.instances.delete(step.id); // so that setting it again puts it last
      if (before || step.after) merged.instances.set(step.id, { before, after: step.after });
    }
  }

  /** What to tell the reader; services about which there is nothing to say are left out. */
  updates(): ServiceUpdate[] {
    const all: ServiceUpdate[] = [];
    for (const service of this.#services.values()) {
      const { instances, existed, exists, panicBefore, panic } = service;
      if (instances.size > 0 || existed !== exists || panicBefore !== panic) all.push(toUpdate(service));
    }
    return all;
  }

  #serviceFor(target: number, update: ViewUpdate): MergedService {
    const key = `${target}/${update.namespace}/${update.service}`;
    const known = this.#services.get(key);
    if (known) return known;
    const { namespace, service, existed, exists, panicBefore, panic } = update;
    const instances = new Map<string, MergedInstance>();
    const merged: MergedService = { target, namespace, service, existed, exists, panicBefore, panic, instances };
    this.#services.set(key, merged);
    return merged;
  }
}

function toUpdate(merged: MergedService): ServiceUpdate {
  const put: Discovered[] = [];
  const removed: string[] = [];
  for (const [id, { after }] of merged.instances) {
    if (after) put.push(after);
    else removed.push(id);
  }
  const { target, namespace, service, exists, panic } = merged;
  return { target, namespace, service, exists, reset: false, put, removed, panic };
}
