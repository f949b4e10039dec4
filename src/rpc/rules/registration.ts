import {
  DeregisterRequestSchema,
  GetInstanceRequestSchema,
  type InstanceRef,
  OpenSessionSchema,
  PingSchema,
  RegisterBatchRequestSchema,
  RegisterInSessionSchema,
  RegisterRequestSchema,
  RenewRequestSchema,
  SessionRequestSchema,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import { instanceRefRules, instanceRules } from "./instance.js";
import { encodedBytesTogether } from "./instance-size.js";
import { free, list, oneOf, rulesFor } from "./message-rules.js";
import { duration } from "./times.js";
import { updateInstanceRules } from "./update.js";
import { expectedRevision, textUpTo } from "./values.js";

const MAX_BATCH = 1_000;
/** A commit must fit one response of a watch, which is at most 3 MiB. */
const MAX_BATCH_BYTES = 2_621_440;
const HOUR_MS = 3_600_000;

/** A registration without a session. */
export const registerRules = rulesFor(RegisterRequestSchema, {
  instance: instanceRules.type,
  ttl: duration({ minMs: 1_000, maxMs: 24 * HOUR_MS, zero: true }),
  expectedRevision,
});

const registerBatchRules = rulesFor(
  RegisterBatchRequestSchema,
  { requests: list(registerRules.type, 1, MAX_BATCH) },
  (batch, report) => {
    if (batch.requests.length > MAX_BATCH) return;
    const refs = batch.requests.map((request) => request.instance);
    checkDifferent(refs, (index, first) =>
      report(["requests", index, "instance"], `must not be the instance of requests[${first}]`),
    );
    const instances = refs.filter((instance) => instance !== undefined);
    if (encodedBytesTogether(instances, MAX_BATCH_BYTES) > MAX_BATCH_BYTES)
      report(["requests"], "must encode to at most 2.5 MiB together");
  },
);

const renewRules = rulesFor(
  RenewRequestSchema,
  { instances: list(instanceRefRules.type, 1, MAX_BATCH) },
  ({ instances }, report) => {
    if (instances.length > MAX_BATCH) return;
    checkDifferent(instances, (index, first) =>
      report(["instances", index], `must not be the instance of instances[${first}]`),
    );
  },
);

const deregisterRules = rulesFor(DeregisterRequestSchema, {
  instance: instanceRefRules.type,
  drain: duration({ minMs: 0, maxMs: HOUR_MS }),
});

/** What opens a session. */
export const openSessionRules = rulesFor(OpenSessionSchema, {
  client: textUpTo(256),
  ttl: duration({ minMs: 1_000, maxMs: HOUR_MS }),
  resumeToken: textUpTo(512),
});

const registerInSessionRules = rulesFor(RegisterInSessionSchema, { instance: instanceRules.type, expectedRevision });
const pingRules = rulesFor(PingSchema, {});

const sessionRules = rulesFor(SessionRequestSchema, {
  requestId: free,
  request: oneOf(
    {
      open: openSessionRules,
      register: registerInSessionRules,
      update: updateInstanceRules,
      deregister: deregisterRules,
      ping: pingRules,
    },
    true,
  ),
});

/** Requests about instances and sessions. */
export const registrationRules = [
  registerRules,
  registerBatchRules,
  renewRules,
  updateInstanceRules,
  deregisterRules,
  rulesFor(GetInstanceRequestSchema, { instance: instanceRefRules.type }),
  sessionRules,
  openSessionRules,
  registerInSessionRules,
  pingRules,
];

type Named = Pick<InstanceRef, "namespace" | "service" | "id">;

function checkDifferent(
  refs: readonly (Named | undefined)[],
  onRepeated: (index: number, first: number) => void,
): void {
  /** "namespace/service/id" -> index of its first mention. */
  const seen = new Map<string, number>();
  for (const [index, ref] of refs.entries()) {
    if (!ref) continue;
    const key = `${ref.namespace || "default"}/${ref.service}/${ref.id}`;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    else onRepeated(index, first);
  }
}
