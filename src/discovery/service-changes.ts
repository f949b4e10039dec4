import type { ChangeSet, Instance, Service } from "../model/index.js";

/** What one commit did to one instance. */
export interface InstanceChange {
  readonly id: string;
  readonly before: Instance | undefined;
  readonly after: Instance | undefined;
}

/** What one commit did to one service and its instances. */
export interface ServiceChanges {
  readonly namespace: string;
  readonly name: string;
  /** False when this commit created the service. */
  readonly existed: boolean;
  /** False when this commit deleted the service. */
  readonly exists: boolean;
  /** True when the service's own description changed, appeared or went. */
  readonly described: boolean;
  readonly before: Service | undefined;
  readonly after: Service | undefined;
  readonly instances: readonly InstanceChange[];
  /** Whether the service was in panic before this commit, and is after it. False in what is read from history. */
  readonly panicBefore: boolean;
  readonly panic: boolean;
  /** Where the two differ: condemned instances that the commit did not touch, which appear or go with panic. */
  readonly untouched: readonly Instance[];
}

type Draft = { -readonly [K in keyof ServiceChanges]: ServiceChanges[K] } & { instances: InstanceChange[] };

/** Sorts a commit's changes by service, once for all who are told of them. */
export function byService(changeSet: ChangeSet): ServiceChanges[] {
  const services = new Map<string, Draft>();
  for (const { before, after } of changeSet.changes) {
    const entity = after ?? before;
    if (entity?.kind === "service") {
      const draft = draftFor(services, entity.value.namespace, entity.value.name);
      draft.described = true;
      draft.existed = before !== undefined;
      draft.exists = after !== undefined;
      draft.before = before?.kind === "service" ? before.value : undefined;
      draft.after = after?.kind === "service" ? after.value : undefined;
    } else if (entity?.kind === "instance") {
      draftFor(services, entity.value.namespace, entity.value.service).instances.push({
        id: entity.value.id,
        before: before?.kind === "instance" ? before.value : undefined,
        after: after?.kind === "instance" ? after.value : undefined,
      });
    }
  }
  return [...services.values()];
}

function draftFor(services: Map<string, Draft>, namespace: string, name: string): Draft {
  const key = `${namespace}/${name}`;
  const known = services.get(key);
  if (known) return known;
  const draft: Draft = {
    namespace,
    name,
    existed: true,
    exists: true,
    described: false,
    before: undefined,
    after: undefined,
    instances: [],
    panicBefore: false,
    panic: false,
    untouched: [],
  };
  services.set(key, draft);
  return draft;
}
