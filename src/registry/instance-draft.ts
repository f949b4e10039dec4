import type { Holder, Instance, InstanceDraft, Voices } from "../model/index.js";
import type { Case, Judge } from "./health/index.js";
import { sameTarget, targetOf } from "./health/probe/target.js";
import type { InstancePatch, InstanceSpec } from "./registry.js";
import { sameEndpoints } from "./same-spec.js";

/** What the plane adds to a spec. */
export interface Standing extends Case {
  readonly holder: Holder;
  /** Wall clock, milliseconds since the epoch. */
  readonly registeredAtMs: number;
  /** Set while it drains before it leaves. */
  readonly drainMs?: number | undefined;
  readonly voices: Voices | undefined;
}

/** An instance as it is to be put: the spec, what keeps it, and the health that follows. */
export function draftOf(spec: InstanceSpec, standing: Standing, judge: Judge): InstanceDraft {
  const { drainMs, voices } = standing;
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
    ...judge.judge({ reportedHealth: spec.reportedHealth, drainMs, voices }, standing),
    holder: standing.holder,
    ...(drainMs !== undefined && { drainMs }),
    registeredAtMs: standing.registeredAtMs,
  };
}

/** What keeps an instance, and what becomes of it, as it stands. */
export function keptOf({
  holder,
  registeredAtMs,
  drainMs,
}: Instance): Pick<Standing, "holder" | "registeredAtMs" | "drainMs"> {
  return { holder, registeredAtMs, drainMs };
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

/** What was said of an instance and still holds for one with this spec: findings hold for the place they were made at. */
export function carriedVoices(before: Instance | undefined, spec: InstanceSpec): Voices | undefined {
  if (!before?.voices) return undefined;
  const { probed, observed, ordered, held } = before.voices;
  const [probedAt, probedNow] = [targetOf(before), targetOf(spec)];
  return {
    ...(probed && probedAt && probedNow && sameTarget(probedAt, probedNow) && { probed }),
    ...(observed && sameEndpoints(before, spec) && { observed }),
    ...(ordered && { ordered }),
    ...(held && { held }),
  };
}
