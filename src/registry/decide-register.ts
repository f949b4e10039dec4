import {
  type EntityDraft,
  type Holder,
  type Instance,
  instanceKey,
  type ServiceDraft,
  type ServiceRef,
  serviceKey,
} from "../model/index.js";
import type { Precondition } from "../store/index.js";
import { caseOf, expectRevision, type Head, instanceAt } from "./head.js";
import type { Judge } from "./health/index.js";
import { carriedVoices, draftOf } from "./instance-draft.js";
import type { InstanceSpec } from "./registry.js";
import { sameHolder, sameSpec } from "./same-spec.js";

/** An instance that is to stand as specified, kept by this holder. */
export interface WantedInstance {
  readonly spec: InstanceSpec;
  readonly holder: Holder;
  /** The modRevision that it must have; 0n means that it must not exist. */
  readonly expectedRevision: bigint | undefined;
}

/** What has to change for all of some wanted instances to stand. */
export interface RegisterDecision {
  /** Each wanted instance that stands already, in the order of the request; undefined where one must be put. */
  readonly standing: readonly (Instance | undefined)[];
  /** Services that appear with their first instance. */
  readonly services: readonly EntityDraft[];
  /** Instances to put, in the order of the request. */
  readonly instances: readonly EntityDraft[];
  readonly expect: readonly Precondition[];
  /** How many of the puts replace an instance. */
  readonly replaced: number;
  /** Instances, as they stand, that another holder takes from a session. */
  readonly taken: readonly Instance[];
}

/**
 * Decides what must be committed so that every wanted instance stands; nothing for those that stand as wanted.
 *
 * @throws DomainError REVISION_CONFLICT.
 */
export function decideRegister(
  head: Head,
  wanted: readonly WantedInstance[],
  { judge, nowMs }: { readonly judge: Judge; readonly nowMs: number },
): RegisterDecision {
  const standing: (Instance | undefined)[] = [];
  const instances: EntityDraft[] = [];
  const expect: Precondition[] = [];
  const taken: Instance[] = [];
  let replaced = 0;
  for (const { spec, holder, expectedRevision } of wanted) {
    const key = instanceKey(spec);
    const before = instanceAt(head, key);
    expect.push(...expectRevision(key, before, expectedRevision));
    const stands = before && standsAs(before, spec, holder);
    standing.push(stands ? before : undefined);
    if (stands) continue;
    const kept = before && sameOwner(before.holder, holder);
    const registeredAtMs = kept ? before.registeredAtMs : nowMs;
    const standingNow = { holder, registeredAtMs, voices: carriedVoices(before, spec), ...caseOf(head, spec, before) };
    instances.push({ kind: "instance", value: draftOf(spec, standingNow, judge) });
    if (before) replaced++;
    if (before?.holder.kind === "session" && !kept) taken.push(before);
  }
  return { standing, services: missingServices(head, instances), instances, expect, replaced, taken };
}

/** True when registering would change nothing: a drain is called off by registering, so it is a change. */
function standsAs(before: Instance, spec: InstanceSpec, holder: Holder): boolean {
  return before.drainMs === undefined && sameHolder(before.holder, holder) && sameSpec(before, spec);
}

/** Leases of any length, and none, belong to callers without a session: they are told apart by nothing. */
function sameOwner(a: Holder, b: Holder): boolean {
  return a.kind === "session" || b.kind === "session" ? sameHolder(a, b) : true;
}

function missingServices(head: Head, instances: readonly EntityDraft[]): EntityDraft[] {
  const missing = new Map<string, EntityDraft>();
  for (const { kind, value } of instances) {
    if (kind !== "instance") continue;
    const ref = { namespace: value.namespace, name: value.service };
    const key = serviceKey(ref);
    if (!head.peek(key)) missing.set(key, { kind: "service", value: bareService(ref) });
  }
  return [...missing.values()];
}

function bareService({ namespace, name }: ServiceRef): ServiceDraft {
  return { namespace, name, description: "", owner: "", labels: {}, grpcServices: [] };
}
