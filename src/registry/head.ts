import {
  DomainError,
  type EntityKey,
  type Instance,
  type InstanceRef,
  nameOf,
  type Service,
  serviceKey,
} from "../model/index.js";
import type { Precondition, Store } from "../store/index.js";
import type { Case } from "./health/index.js";

/** State as the next commit would find it: what decisions look at. It may be not durable yet, so nobody is shown it. */
export type Head = Pick<Store, "peek" | "peekInstances">;

/** The instance that the next commit would find at a key. */
export function instanceAt(head: Head, key: EntityKey): Instance | undefined {
  const entity = head.peek(key);
  return entity?.kind === "instance" ? entity.value : undefined;
}

/** The service that the next commit would find at a key. */
export function serviceAt(head: Head, key: EntityKey): Service | undefined {
  const entity = head.peek(key);
  return entity?.kind === "service" ? entity.value : undefined;
}

/** What a judgement of an instance looks at, as the next commit would find it. */
export function caseOf(
  head: Head,
  ref: Pick<InstanceRef, "namespace" | "service">,
  before: Instance | undefined,
): Case {
  const service = serviceAt(head, serviceKey({ namespace: ref.namespace, name: ref.service }));
  return { before, service };
}

/** True while what is durable is also what the next commit would find: nothing is being written to it. */
export function isSettled(head: Head, key: EntityKey, durable: Instance): boolean {
  return head.peek(key)?.value.modRevision === durable.modRevision;
}

/** What identifies an instance, without the rest of it. */
export function refOf({ namespace, service, id }: InstanceRef): InstanceRef {
  return { namespace, service, id };
}

/**
 * The preconditions that an expected revision means; none when nothing was expected.
 *
 * @throws DomainError REVISION_CONFLICT when what stands is another revision already.
 */
export function expectRevision(
  key: EntityKey,
  standing: { readonly modRevision: bigint } | undefined,
  expected: bigint | undefined,
): Precondition[] {
  if (expected === undefined) return [];
  const actual = standing?.modRevision ?? 0n;
  if (actual !== expected) throw new DomainError({ reason: "REVISION_CONFLICT", name: nameOf(key), expected, actual });
  return [{ key, modRevision: expected }];
}
