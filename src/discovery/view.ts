import { type Instance, isCondemned, takesCalls } from "../model/index.js";
import type { ServiceEntry } from "./catalogue.js";
import type { Discovered, Target, Viewer } from "./discovery.js";
import type { Look, Looks } from "./looks.js";
import { panics } from "./panic.js";
import type { ServiceChanges } from "./service-changes.js";

/** Distinct views whose selection one service remembers; beyond them a selection is made anew at each call. */
const REMEMBERED_VIEWS = 64;

/** What one commit did to one instance, as a view sees it. */
export interface Step {
  readonly id: string;
  /** True when the view showed it before. */
  readonly before: boolean;
  /** What it shows now; undefined when it left or matches no longer. */
  readonly after: Discovered | undefined;
}

/** What one commit did to one service, as a view sees it. */
export interface ViewUpdate {
  readonly namespace: string;
  readonly service: string;
  readonly existed: boolean;
  readonly exists: boolean;
  readonly steps: readonly Step[];
  /** Whether the service was in panic before, and is now. */
  readonly panicBefore: boolean;
  readonly panic: boolean;
}

/**
 * A way to look: a target with a viewer's place and wishes. All watches that look the same way share one view, so that a
 * change is filtered and projected once for them, and what they are told is one object (and is encoded once).
 */
export class View {
  readonly key: string;
  readonly target: Target;
  readonly #viewer: Viewer;
  readonly #look: Look;
  /** instance -> whether it passes the filter; used where there is one. */
  readonly #matches = new WeakMap<Instance, boolean>();

  constructor(target: Target, viewer: Viewer, looks: Looks) {
    this.target = target;
    this.#viewer = viewer;
    this.#look = looks.of(target.endpointName, viewer.locality);
    this.key = viewKey(target, viewer);
  }

  /** How this view shows an instance; undefined when it does not. @param panic whether its service is in panic. */
  show(instance: Instance, panic: boolean): Discovered | undefined {
    const isWanted = this.#viewer.includeUnhealthy || takesCalls(instance.health) || (panic && isCondemned(instance));
    if (!isWanted) return undefined;
    return this.#passes(instance) ? this.#look.at(instance) : undefined;
  }

  /** All that it shows of a service, by priority, then id. The array is shared: do not change it. */
  select(entry: ServiceEntry): readonly Discovered[] {
    const known = entry.resolved.get(this.key);
    if (known) return known;
    const all: Discovered[] = [];
    const panic = panics(entry);
    for (const instance of entry.instances.values()) {
      const shown = this.show(instance, panic);
      if (shown) all.push(shown);
    }
    all.sort(byPriorityThenId);
    if (entry.resolved.size < REMEMBERED_VIEWS) entry.resolved.set(this.key, all);
    return all;
  }

  /** What one commit did to one service; undefined when it does not concern this view. */
  project(changes: ServiceChanges): ViewUpdate | undefined {
    const { namespace, name: service, existed, exists, panicBefore, panic } = changes;
    const steps: Step[] = [];
    const step = (id: string, before: Instance | undefined, after: Instance | undefined): void => {
      const wasShown = before !== undefined && this.show(before, panicBefore) !== undefined;
      const shown = after && this.show(after, panic);
      if (wasShown || shown) steps.push({ id, before: wasShown, after: shown });
    };
    for (const { id, before, after } of changes.instances) step(id, before, after);
    for (const instance of changes.untouched) step(instance.id, instance, instance);
    if (steps.length === 0 && existed === exists && panicBefore === panic) return undefined;
    return { namespace, service, existed, exists, steps, panicBefore, panic };
  }

  #passes(instance: Instance): boolean {
    const { filter } = this.target;
    if (!filter) return true;
    const known = this.#matches.get(instance);
    if (known !== undefined) return known;
    const matches = filter.matches(instance);
    this.#matches.set(instance, matches);
    return matches;
  }
}

/** Equal for two views that always show the same. */
export function viewKey(target: Target, viewer: Viewer): string {
  const { region = "", zone = "", subZone = "" } = viewer.locality ?? {};
  const { namespace, service, filter, endpointName } = target;
  return JSON.stringify([
    namespace,
    service,
    filter?.text ?? "",
    endpointName,
    viewer.includeUnhealthy,
    region,
    zone,
    subZone,
  ]);
}

function byPriorityThenId(a: Discovered, b: Discovered): number {
  if (a.priority !== b.priority) return a.priority - b.priority;
  return a.instance.id < b.instance.id ? -1 : 1;
}
