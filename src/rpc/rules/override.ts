import {
  ClearHealthOverrideRequestSchema,
  DrainServiceRequestSchema,
  Health,
  SetHealthOverrideRequestSchema,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import { instanceRefRules } from "./instance.js";
import { custom, rulesFor } from "./message-rules.js";
import { instanceIdOrEmpty, name, namespace } from "./names.js";
import { duration } from "./times.js";
import { expectedRevision, textFromTo } from "./values.js";

const MAX_ORDER_MS = 30 * 86_400_000;
const ORDERED: ReadonlySet<Health> = new Set([Health.SERVING, Health.DRAINING, Health.NOT_SERVING]);

const reason = textFromTo(1, 256);
const expiresAfter = duration({ minMs: 1_000, maxMs: MAX_ORDER_MS });

/** Requests of operators about health. */
export const overrideRules = [
  rulesFor(SetHealthOverrideRequestSchema, {
    instance: instanceRefRules.type,
    health: custom<Health>((health, report) => {
      if (!ORDERED.has(health)) report([], "must be HEALTH_DRAINING, HEALTH_NOT_SERVING or HEALTH_SERVING");
    }),
    reason,
    expiresAfter,
    expectedRevision,
  }),
  rulesFor(ClearHealthOverrideRequestSchema, { namespace, service: name, instanceId: instanceIdOrEmpty }),
  rulesFor(DrainServiceRequestSchema, { namespace, name, reason, expiresAfter }),
];
