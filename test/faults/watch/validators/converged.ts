import type { ClientView } from "../record/client-view.js";
import type { Watching } from "../record/watching.js";
import { shown } from "../record/watching.js";
import type { Truth } from "../truth/truth.js";
import { servicesOf } from "./expectation.js";

/** Converged: after all is quiet, what a client holds, over all its streams, is what stands. */
export function converged(watching: Watching, view: ClientView, truth: Truth): string[] {
  const faults: string[] = [];
  for (const [target, watched] of watching.targets.entries()) {
    for (const service of servicesOf(truth, watched)) {
      const key = `${target} ${watched.namespace}/${service}`;
      const held = view.services.get(key);
      if ((held?.exists ?? false) !== truth.exists(watched.namespace, service, truth.last)) {
        faults.push(`${key} is thought to ${held?.exists ? "exist" : "be gone"}`);
      }
      const left = new Map(held?.instances);
      for (const version of truth.at(watched.namespace, service, truth.last)) {
        const print = shown(version, watching, watched);
        if (left.get(version.content.id) !== print)
          faults.push(`${key}/${version.content.id} is held as "${left.get(version.content.id)}", not as "${print}"`);
        left.delete(version.content.id);
      }
      for (const id of left.keys()) faults.push(`${key}/${id} is held, and is gone`);
    }
  }
  return faults;
}
