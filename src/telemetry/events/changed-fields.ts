import { isDeepStrictEqual } from "node:util";
import type { Instance } from "../../model/index.js";

/** The public name of a field, as in registry.proto, and its value, undefined when it is not set. */
type Field = readonly [name: string, read: (instance: Instance) => unknown];

const FIELDS: readonly Field[] = [
  ["endpoints", ({ endpoints }) => endpoints],
  ["locality", ({ locality }) => locality],
  ["weight", ({ weight }) => weight],
  ["version", ({ version }) => version],
  ["labels", ({ labels }) => labels],
  ["health_check", ({ healthCheck }) => healthCheck],
  ["session_id", ({ holder }) => (holder.kind === "session" ? holder.sessionId : undefined)],
  ["ttl", ({ holder }) => (holder.kind === "lease" ? holder.ttlMs : undefined)],
];

/** What health is made of: left unsaid beside a change of health, which is what came of it. */
const HEALTH_FIELDS: readonly Field[] = [
  ["reported_health", ({ reportedHealth }) => reportedHealth],
  ["drain", ({ drainMs }) => drainMs],
  ["health_override", ({ voices }) => voices?.ordered],
  ["health_voices", ({ voices = {} }) => [voices.probed, voices.observed, voices.held]],
  ["slow_start_percent", ({ slowStartPercent }) => slowStartPercent],
];

/**
 * The fields that differ between two states of an instance, by their public names in a fixed order.
 *
 * "drain" is the one of DeregisterRequest. `health` and `health_reason` are never among them.
 */
export function changedFields(before: Instance, after: Instance): string[] {
  const fields = before.health === after.health ? [...FIELDS, ...HEALTH_FIELDS] : FIELDS;
  return fields.filter(([, read]) => !isDeepStrictEqual(read(before), read(after))).map(([name]) => name);
}
