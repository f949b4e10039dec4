import { type Health, type Holder, type Instance, type InstanceDraft, worstHealth } from "../model/index.js";
import type { InstancePatch, InstanceSpec } from "./registry.js";

/** What the plane adds to a spec. */
export interface Standing {
  readonly holder: Holder;
  /** Wall clock, milliseconds since the epoch. */
  readonly registeredAtMs: number;
  /** Set while it drains before it leaves. */
  readonly drainMs?: number;
}

/** An instance as it is to be put: the spec, what keeps it, and the health that follows. */
export function draftOf(spec: InstanceSpec, standing: Standing): InstanceDraft {
  return {
    namespace: spec.namespace,
    service: spec.service,
    id: spec.id,
    endpoints: spec.endpoints,
    ...(spec.locality && { locality: spec.locality }),
    ...(spec.weight !== undefined && { weight: spec.weight }),
    version: spec.version,
    labels: spec.labels,
    reportedHealth: spec.reportedHealth,
    ...(spec.healthCheck && { healthCheck: spec.healthCheck }),
    ...healthOf(spec.reportedHealth, standing.drainMs),
    holder: standing.holder,
    ...(standing.drainMs !== undefined && { drainMs: standing.drainMs }),
    registeredAtMs: standing.registeredAtMs,
  };
}

/** The spec that follows from an instance and new values of chosen fields. */
export function patchedSpec(instance: Instance, patch: InstancePatch): InstanceSpec {
  const locality = chosen(patch.locality, instance.locality);
  const weight = chosen(patch.weight, instance.weight);
  const healthCheck = chosen(patch.healthCheck, instance.healthCheck);
  return {
    namespace: instance.namespace,
    service: instance.service,
    id: instance.id,
    endpoints: patch.endpoints ?? instance.endpoints,
    ...(locality && { locality }),
    ...(weight !== undefined && { weight }),
    version: patch.version ?? instance.version,
    labels: patch.labels ?? instance.labels,
    reportedHealth: patch.reportedHealth ?? instance.reportedHealth,
    ...(healthCheck && { healthCheck }),
  };
}

/** Absent leaves it as it is, null clears it. */
function chosen<T>(wanted: T | null | undefined, standing: T | undefined): T | undefined {
  return wanted === undefined ? standing : (wanted ?? undefined);
}

/** The worst of all voices, and why: what the instance reports, and the drain that was ordered. */
function healthOf(reported: Health, drainMs: number | undefined): Pick<Instance, "health" | "healthReason"> {
  if (drainMs === undefined) return { health: reported, healthReason: "" };
  const health = worstHealth(reported, "draining");
  return { health, healthReason: health === "draining" ? `drains for ${drainMs / 1_000} s, then leaves` : "" };
}
