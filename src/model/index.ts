/**
 * The field's words and invariants. Imports nothing of the product; everybody imports it.
 *
 * Start with `instance.ts` and `change.ts`: what is governed, and how it changes.
 *
 * @module
 */
export { type Address, formatAddress, parseAddress } from "./address.js";
export type { Cause, Change, ChangeSet } from "./change.js";
export { DNS_LABEL, DNS_LABEL_RULE } from "./dns-label.js";
export { type Entity, type EntityDraft, type EntityKey, instanceKey, keyOf, nameOf, serviceKey } from "./entity.js";
export { DomainError, type Fault, invalidField, type LimitName, type Violation } from "./errors.js";
export {
  type Finding,
  type Health,
  type Hold,
  isWorse,
  type Order,
  takesCalls,
  type Voices,
  worstHealth,
} from "./health.js";
export {
  DEFAULT_WEIGHT,
  type Endpoint,
  effectiveWeight,
  type HealthCheck,
  type Holder,
  type Instance,
  type InstanceDraft,
  type InstanceRef,
  isCondemned,
  type Protocol,
} from "./instance.js";
export { type Locality, localityPriority } from "./locality.js";
export {
  DEFAULT_NAMESPACE,
  DEFAULT_PANIC_THRESHOLD_PERCENT,
  type OutlierDetection,
  type Service,
  type ServiceDraft,
  type ServiceRef,
} from "./service.js";
export type { SessionRecord } from "./session.js";
