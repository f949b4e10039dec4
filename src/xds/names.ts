import { DNS_LABEL, type ServiceRef } from "../model/index.js";

/** What a gRPC client dials: a service, and one of its endpoints by name (empty: the first of each instance). */
export interface ServiceName extends ServiceRef {
  readonly endpoint: string;
}

const NAME = new RegExp(`^(${DNS_LABEL})(?:\\.(${DNS_LABEL}))?(?:\\.(${DNS_LABEL}))?$`);

/**
 * Reads `<service>[.<namespace>[.<endpoint-name>]]`.
 *
 * @param namespace what a name without one means.
 * @returns undefined for what is no such name.
 */
export function parseServiceName(text: string, namespace: string): ServiceName | undefined {
  const match = NAME.exec(text);
  if (!match) return undefined;
  const [, name = "", named = namespace, endpoint = ""] = match;
  return { namespace: named, name, endpoint };
}

/** The full name of a service, which its routes, clusters and endpoint assignments bear. */
export function fullName({ namespace, name, endpoint }: ServiceName): string {
  return endpoint === "" ? `${name}.${namespace}` : `${name}.${namespace}.${endpoint}`;
}

/** The listener that a proxy calls others through. A slash cannot stand in the name of a service. */
export const OUTBOUND = "portolan/outbound";
/** The listener, and the cluster, of a proxy that others call its service through. */
export const INBOUND = "portolan/inbound";

/** The routes of `OUTBOUND` for a namespace. */
export function outboundRoutes(namespace: string): string {
  return `${OUTBOUND}/${namespace}`;
}

/** What comes before the address in the name of a gRPC server's listener, as gRPC's documentation has it. */
export const SERVER_LISTENER = "grpc/server?xds.resource.listening_address=";
