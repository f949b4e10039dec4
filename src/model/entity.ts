import type { Instance, InstanceDraft, InstanceRef } from "./instance.js";
import type { Service, ServiceDraft, ServiceRef } from "./service.js";

/**
 * Names one thing that the store holds: `service/<namespace>/<name>` or `instance/<namespace>/<service>/<id>`.
 *
 * The parts cannot hold a slash, so keys are never ambiguous and sort by service.
 */
export type EntityKey = `service/${string}` | `instance/${string}`;

/** What the store holds at one key, at its revision. */
export type Entity =
  | { readonly kind: "service"; readonly value: Service }
  | { readonly kind: "instance"; readonly value: Instance };

/** What a commit wants to put: the store adds the revisions. */
export type EntityDraft =
  | { readonly kind: "service"; readonly value: ServiceDraft }
  | { readonly kind: "instance"; readonly value: InstanceDraft };

/** The key of a service. */
export function serviceKey(ref: ServiceRef): EntityKey {
  return `service/${ref.namespace}/${ref.name}`;
}

/** The key of an instance. */
export function instanceKey(ref: InstanceRef): EntityKey {
  return `instance/${ref.namespace}/${ref.service}/${ref.id}`;
}

/** The key of an entity or of a draft of one. */
export function keyOf(entity: Entity | EntityDraft): EntityKey {
  return entity.kind === "service" ? serviceKey(entity.value) : instanceKey(entity.value);
}

/** A key as people read it: `<namespace>/<service>/<id>`. */
export function nameOf(key: EntityKey): string {
  return key.slice(key.indexOf("/") + 1);
}
