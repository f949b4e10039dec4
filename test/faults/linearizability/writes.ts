import type { MessageInitShape } from "@bufbuild/protobuf";
import { type RegisterRequestSchema, RegistryService } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { cellOf, present, seenOf } from "./cells.js";
import type { Connection } from "./connection.js";
import type { Ending } from "./ending.js";
import type { Asked, Told, WantedItem } from "./history.js";

/** A call of the workload: what it asks, and how to ask it. Undefined when it certainly did not happen. */
export interface Request {
  readonly asked: Asked;
  send(connection: Connection): Promise<Told | undefined>;
}

const { register, registerBatch, updateInstance, deregister, putService, deleteService } = RegistryService.method;
/** Id -> TTL: with a lease that outlasts the run, or none. */
const TTLS: Readonly<Record<string, bigint>> = { "3": 3_600n };
/** Every instance has the same, so that only its version tells one write from another. */
export const ENDPOINTS = [{ host: "127.0.0.1", port: 8_080 }];

/** Registers one instance that stays until it is deregistered. */
export function registering(service: string, item: WantedItem): Request {
  return {
    asked: { method: "Register", op: "register", service, items: [item] },
    async send(connection) {
      const ending = await connection.call(register, registration(service, item));
      return told(ending, ({ instance, revision }) => ({
        revision: Number(revision),
        seen: [seenOf(present(instance))],
      }));
    },
  };
}

/** Registers several in one commit. */
export function registeringAll(service: string, items: readonly WantedItem[]): Request {
  return {
    asked: { method: "RegisterBatch", op: "register", service, items },
    async send(connection) {
      const requests = items.map((item) => registration(service, item));
      const ending = await connection.call(registerBatch, { requests });
      return told(ending, ({ instances, revision }) => ({ revision: Number(revision), seen: instances.map(seenOf) }));
    },
  };
}

/** Changes the version of an instance. */
export function updating(service: string, item: WantedItem): Request {
  return {
    asked: { method: "UpdateInstance", op: "update", service, items: [item] },
    async send(connection) {
      const ending = await connection.call(updateInstance, {
        instance: { service, id: item.id, version: item.value },
        updateMask: { paths: ["version"] },
        ...expecting(item.expected),
      });
      return told(ending, ({ instance, revision }) => ({
        revision: Number(revision),
        seen: [seenOf(present(instance))],
      }));
    },
  };
}

export function deregistering(service: string, id: string): Request {
  return {
    asked: { method: "Deregister", op: "deregister", service, id },
    async send(connection) {
      const ending = await connection.call(deregister, { instance: { service, id } });
      return told(ending, ({ revision }) => ({ revision: Number(revision) }));
    },
  };
}

/** Describes a service. */
export function putting(service: string, value: string, expected?: number): Request {
  return {
    asked: { method: "PutService", op: "put", service, value, ...(expected !== undefined && { expected }) },
    async send(connection) {
      const fields = { service: { name: service, description: value }, ...expecting(expected) };
      const ending = await connection.call(putService, fields);
      return told(ending, (answer) => ({
        revision: Number(answer.revision),
        about: cellOf(present(answer.service)),
      }));
    },
  };
}

/** Deletes a service. */
export function dropping(service: string, cascade: boolean, expected?: number): Request {
  return {
    asked: { method: "DeleteService", op: "drop", service, cascade, ...(expected !== undefined && { expected }) },
    async send(connection) {
      const ending = await connection.call(deleteService, { name: service, cascade, ...expecting(expected) });
      return told(ending, ({ revision }) => ({ revision: Number(revision) }));
    },
  };
}

/** How a call ended, as the checker reads it. */
export function told<T>(ending: Ending<T>, ok: (answer: T) => Omit<Told, "outcome">): Told | undefined {
  if (ending.kind === "answer") return { outcome: "ok", ...ok(ending.message) };
  if (ending.kind === "silence") return { outcome: "unknown" };
  if (ending.kind === "unsent") return undefined;
  const { reason, facts } = ending;
  switch (reason) {
    case "SHUTTING_DOWN":
    case "REVISION_NOT_REACHED":
      return undefined;
    case "NOT_FOUND":
      return { outcome: "missing" };
    case "SUPERSEDED":
      return { outcome: "superseded" };
    case "SERVICE_NOT_EMPTY":
      return { outcome: "notempty" };
    case "REVISION_CONFLICT":
      return { outcome: "conflict", actual: Number(facts.actual), ...instanceIn(present(facts.name)) };
    default:
      throw new Error(`the workload sends nothing that deserves ${reason}`);
  }
}

/** `<namespace>/<service>/<id>` names an instance, `<namespace>/<service>` a service. */
function instanceIn(name: string): { readonly id?: string } {
  const [, , id] = name.split("/");
  return id === undefined ? {} : { id };
}

function registration(service: string, { id, value, expected }: WantedItem) {
  return {
    instance: { service, id, version: value, endpoints: ENDPOINTS },
    ttl: { seconds: TTLS[id] ?? 0n, nanos: 0 },
    ...expecting(expected),
  } satisfies MessageInitShape<typeof RegisterRequestSchema>;
}

function expecting(revision: number | undefined): { readonly expectedRevision?: bigint } {
  return revision === undefined ? {} : { expectedRevision: BigInt(revision) };
}
