import { DiscoveryService } from "../../../gen/portolan/discovery/v1/discovery_pb.js";
import { RegistryService } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { cellOf, present, seenOf } from "./cells.js";
import type { Connection } from "./connection.js";
import type { Asked, Told } from "./history.js";
import { type Request, told } from "./writes.js";

const { getInstance, getService, listInstances, listServices, renew } = RegistryService.method;
const { resolve } = DiscoveryService.method;
/** How long a read waits for its revision: at the end of an epoch nobody writes any more. */
const MAX_WAIT_MS = 1_000;
const MAX_PAGE = 1_000;

/** A read of several services at once: what it tells of each; nothing when no answer came. */
export type WideRequest = (connection: Connection) => Promise<readonly WideAnswer[]>;

/** What a wide read tells of one service. */
export interface WideAnswer {
  readonly asked: Asked;
  readonly told: Told;
}

export function getting(service: string, id: string): Request {
  return reading({ method: "GetInstance", op: "read", service, id }, async (connection) =>
    told(await connection.call(getInstance, { instance: { service, id } }), ({ instance, revision }) => ({
      revision: Number(revision),
      seen: [seenOf(present(instance))],
    })),
  );
}

export function gettingService(service: string): Request {
  return reading({ method: "GetService", op: "read", service }, async (connection) =>
    told(await connection.call(getService, { name: service }), (answer) => {
      const about = present(answer.service);
      return { revision: Number(answer.revision), about: cellOf(about), exists: true, count: about.instanceCount };
    }),
  );
}

/** Resolves a service at no less than a revision; 0 for any. */
export function resolving(service: string, min: number): Request {
  return reading({ method: "Resolve", op: "read", service, min }, async (connection) => {
    const target = { target: { service }, includeUnhealthy: true, minRevision: BigInt(min) };
    return told(await connection.call(resolve, target, MAX_WAIT_MS), ({ revision, exists, instances }) => ({
      revision: Number(revision),
      exists,
      seen: instances.map(({ instance }) => seenOf(present(instance))),
      all: true,
    }));
  });
}

export function listing(service: string): Request {
  return reading({ method: "ListInstances", op: "read", service }, async (connection) =>
    told(await connection.call(listInstances, { service, pageSize: MAX_PAGE }), ({ instances, revision }) => ({
      revision: Number(revision),
      seen: instances.map(seenOf),
      all: true,
    })),
  );
}

/** Renews: the answer tells whether the instance is there. */
export function renewing(service: string, id: string): Request {
  return reading({ method: "Renew", op: "read", service, id }, async (connection) =>
    told(await connection.call(renew, { instances: [{ service, id }] }), ({ notFound }) => ({
      present: notFound.length === 0,
    })),
  );
}

/** Lists all instances: of each service what is in it, all at one revision. */
export function listingAll(services: readonly string[]): WideRequest {
  return async (connection) => {
    const ending = await connection.call(listInstances, { pageSize: MAX_PAGE });
    if (ending.kind !== "answer") return [];
    const { instances, revision } = ending.message;
    return services.map((service) => {
      const seen = instances.filter((instance) => instance.service === service).map(seenOf);
      return {
        asked: { method: "ListInstances of all", op: "read", service },
        told: { outcome: "ok", revision: Number(revision), seen, all: true },
      };
    });
  };
}

/** Lists all services, those that are not there too, all at one revision. */
export function listingServices(services: readonly string[]): WideRequest {
  return async (connection) => {
    const ending = await connection.call(listServices, { pageSize: MAX_PAGE });
    if (ending.kind !== "answer") return [];
    const { services: listed, revision } = ending.message;
    return services.map((service) => {
      const about = listed.find(({ name }) => name === service);
      const found = about && { about: cellOf(about), count: about.instanceCount };
      return {
        asked: { method: "ListServices", op: "read", service },
        told: { outcome: "ok", revision: Number(revision), exists: about !== undefined, ...found },
      };
    });
  };
}

/** A read without an answer says nothing. */
function reading(asked: Asked, send: (connection: Connection) => Promise<Told | undefined>): Request {
  return {
    asked,
    async send(connection) {
      const answer = await send(connection);
      return answer?.outcome === "unknown" ? undefined : answer;
    },
  };
}
