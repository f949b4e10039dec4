import { isDeepStrictEqual } from "node:util";
import {
  DomainError,
  type EntityKey,
  type Instance,
  type InstanceDraft,
  type InstanceRef,
  instanceKey,
  invalidField,
  nameOf,
  type Order,
  type Service,
  type ServiceDraft,
  type ServiceRef,
  serviceKey,
} from "../model/index.js";
import type { Precondition } from "../store/index.js";
import { caseOf, expectRevision, type Head, instanceAt, serviceAt } from "./head.js";
import { type Judge, sameVoices } from "./health/index.js";
import { carriedVoices, draftOf, keptOf, patchedSpec } from "./instance-draft.js";
import type { InstancePatch, InstanceSpec } from "./registry.js";
import { sameList, sameRecord, sameSpec } from "./same-spec.js";

/** One entity's decision: what stands already as wanted, or what to put. */
export type Decision<T, D> = { readonly expect: readonly Precondition[] } & (
  | { readonly standing: T }
  | { readonly put: D }
);

/**
 * Decides an update of chosen fields of an instance.
 *
 * @throws DomainError NOT_FOUND, REVISION_CONFLICT; FIELDS_INVALID when the probe would name an endpoint that is not there,
 * or when the instance as a whole would be too large.
 */
export function decideUpdate(
  head: Head,
  ref: InstanceRef,
  patch: InstancePatch,
  expectedRevision: bigint | undefined,
  { judge, assertFits }: { readonly judge: Judge; readonly assertFits: (spec: InstanceSpec) => void },
): Decision<Instance, InstanceDraft> {
  const key = instanceKey(ref);
  const standing = instanceAt(head, key);
  if (!standing) throw notFound("instance", key);
  const expect = expectRevision(key, standing, expectedRevision);
  const spec = patchedSpec(standing, patch);
  assertProbesOwnEndpoint(spec, patch);
  assertFits(spec);
  if (sameSpec(standing, spec)) return { expect, standing };
  const voices = carriedVoices(standing, spec);
  return { expect, put: draftOf(spec, { ...keptOf(standing), voices, ...caseOf(head, ref, standing) }, judge) };
}

/** Only here endpoints and probe stand together: a patch may bring one of them alone. */
function assertProbesOwnEndpoint({ endpoints, healthCheck }: InstanceSpec, patch: InstancePatch): void {
  const probed = healthCheck?.endpointName ?? "";
  if (probed === "" || endpoints.some(({ name }) => name === probed)) return;
  if (patch.healthCheck)
    throw invalidField("instance.health_check.endpoint_name", "must name one of the instance's endpoints");
  throw invalidField("instance.endpoints", `must keep "${probed}", which the health check probes`);
}

/** What a deregistration does: nothing (it is not there, or drains as asked already), a drain, or a removal. */
export type DeregisterDecision =
  | { readonly kind: "absent" | "drains" | "remove" }
  | { readonly kind: "drain"; readonly put: InstanceDraft };

/** Decides a deregistration. A new drain takes the place of one that is under way; the same again leaves it running. */
export function decideDeregister(head: Head, ref: InstanceRef, drainMs: number, judge: Judge): DeregisterDecision {
  const standing = instanceAt(head, instanceKey(ref));
  if (!standing) return { kind: "absent" };
  if (drainMs <= 0) return { kind: "remove" };
  if (standing.drainMs === drainMs) return { kind: "drains" };
  const { voices } = standing;
  const drained = { ...keptOf(standing), drainMs, voices, ...caseOf(head, ref, standing) };
  return { kind: "drain", put: draftOf(standing, drained, judge) };
}

/**
 * Decides an order about an instance's health, or the end of the one that stands.
 *
 * @throws DomainError NOT_FOUND, REVISION_CONFLICT.
 */
export function decideOrder(
  head: Head,
  ref: InstanceRef,
  order: Order | undefined,
  { judge, expectedRevision }: { readonly judge: Judge; readonly expectedRevision?: bigint | undefined },
): Decision<Instance, InstanceDraft> {
  const key = instanceKey(ref);
  const standing = instanceAt(head, key);
  if (!standing) throw notFound("instance", key);
  const expect = expectRevision(key, standing, expectedRevision);
  const { ordered: _, ...others } = standing.voices ?? {};
  const voices = order ? { ...others, ordered: order } : others;
  if (sameVoices(standing.voices, voices)) return { expect, standing };
  return { expect, put: draftOf(standing, { ...keptOf(standing), voices, ...caseOf(head, ref, standing) }, judge) };
}

/** The instances that a service has. @throws DomainError NOT_FOUND. */
export function instancesOf(head: Head, ref: ServiceRef): EntityKey[] {
  const key = serviceKey(ref);
  if (!serviceAt(head, key)) throw notFound("service", key);
  return [...head.peekInstances(key)];
}

/**
 * Decides a new description of a service.
 *
 * @throws DomainError REVISION_CONFLICT.
 */
export function decidePutService(
  head: Head,
  draft: ServiceDraft,
  expectedRevision: bigint | undefined,
): Decision<Service, ServiceDraft> {
  const key = serviceKey(draft);
  const standing = serviceAt(head, key);
  const expect = expectRevision(key, standing, expectedRevision);
  return standing && sameService(standing, draft) ? { expect, standing } : { expect, put: draft };
}

/**
 * Decides the removal of a service: the keys that leave, the service first.
 *
 * @throws DomainError NOT_FOUND; REVISION_CONFLICT; SERVICE_NOT_EMPTY unless `cascade`.
 */
export function decideDeleteService(
  head: Head,
  ref: ServiceRef,
  options: { readonly cascade: boolean; readonly expectedRevision?: bigint },
): { readonly deletes: readonly EntityKey[]; readonly expect: readonly Precondition[] } {
  const key = serviceKey(ref);
  const standing = serviceAt(head, key);
  if (!standing) throw notFound("service", key);
  const expect = expectRevision(key, standing, options.expectedRevision);
  const instances = [...head.peekInstances(key)];
  if (instances.length > 0 && !options.cascade) {
    throw new DomainError({ reason: "SERVICE_NOT_EMPTY", name: nameOf(key), instances: instances.length });
  }
  return { deletes: [key, ...instances], expect };
}

function sameService(standing: Service, draft: ServiceDraft): boolean {
  return (
    standing.description === draft.description &&
    standing.owner === draft.owner &&
    sameRecord(standing.labels, draft.labels) &&
    sameList(standing.grpcServices, draft.grpcServices) &&
    standing.panicThresholdPercent === draft.panicThresholdPercent &&
    standing.slowStartMs === draft.slowStartMs &&
    isDeepStrictEqual(standing.outlierDetection, draft.outlierDetection)
  );
}

function notFound(type: "service" | "instance", key: EntityKey): DomainError {
  return new DomainError({ reason: "NOT_FOUND", type, name: nameOf(key) });
}
