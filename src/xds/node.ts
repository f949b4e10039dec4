import * as z from "zod";
import type { Node } from "../../gen/xds/envoy/config/core/v3/base_pb.js";
import {
  type Address,
  DEFAULT_NAMESPACE,
  DNS_LABEL,
  DNS_LABEL_RULE,
  DomainError,
  type Locality,
  parseAddress,
} from "../model/index.js";

/** Who asks, and what he is to be told: all that his stream's first request says of him. Immutable. */
export interface XdsNode {
  /** His own; empty when he gave none. */
  readonly id: string;
  /** A proxy, or a library in a program. It decides what is understood, and what a wildcard means. */
  readonly kind: "envoy" | "grpc";
  /** "gRPC Go 1.85.0", "envoy 1.40.0"; empty when he does not say. */
  readonly userAgent: string;
  /** What names without a namespace mean, and what a wildcard covers. */
  readonly namespace: string;
  /** The service that calls; empty when it is unknown. */
  readonly consumer: string;
  readonly locality?: Locality;
  /** Where a proxy takes calls to other services. */
  readonly listen?: Address;
  /** Where a proxy takes calls to its own service, and where that listens. */
  readonly inbound?: { readonly listen: Address; readonly forward: Address };
  /** The cluster in a proxy's own bootstrap that its access logs go to. */
  readonly accessLogCluster?: string;
}

const ADDRESS = 'must be an IP address and a port, such as "127.0.0.1:8080"';

const label = z.string({ error: DNS_LABEL_RULE }).regex(new RegExp(`^${DNS_LABEL}$`), { error: DNS_LABEL_RULE });

const address = z.string({ error: ADDRESS }).transform((text, context) => {
  const parsed = parseAddress(text);
  if (parsed) return parsed;
  context.addIssue({ code: "custom", message: ADDRESS });
  return z.NEVER;
});

/** An object of these fields alone: a misspelt wish would otherwise be passed over. */
function wishes<Shape extends z.core.$ZodShape>(shape: Shape) {
  const names = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `has no field ${issue.keys.join(", ")}: there are ${names}`
        : `must be an object with ${names}`,
  });
}

/** What a node may say of itself under `metadata.portolan`. */
const METADATA = wishes({
  namespace: label.optional(),
  service: label.optional(),
  listen: address.optional(),
  inbound: wishes({ listen: address, forward: address }).optional(),
  access_log_cluster: z
    .string({ error: "must be the name of a cluster" })
    .min(1, "must be the name of a cluster")
    .optional(),
});

/** Of each text that a node sends of itself, so much is kept. */
const MAX_TEXT = 256;

/**
 * Reads who asks.
 *
 * @param path where the node stands in the request.
 * @throws DomainError FIELDS_INVALID with every fault of its `metadata.portolan`.
 */
export function readNode(node: Node | undefined, path = "node"): XdsNode {
  const metadata = METADATA.safeParse(node?.metadata?.portolan ?? {});
  if (!metadata.success) throw metadataFault(metadata.error, path);
  const { namespace = DEFAULT_NAMESPACE, service, listen, inbound, access_log_cluster } = metadata.data;
  const agent = node?.userAgentName ?? "";
  return {
    id: (node?.id ?? "").slice(0, MAX_TEXT),
    kind: agent === "envoy" || listen !== undefined || inbound !== undefined ? "envoy" : "grpc",
    userAgent: `${agent} ${agentVersion(node)}`.trim().slice(0, MAX_TEXT),
    namespace,
    consumer: service ?? consumerOf(node),
    ...(node?.locality && { locality: readLocality(node.locality) }),
    ...(listen && { listen }),
    ...(inbound && { inbound }),
    ...(access_log_cluster !== undefined && { accessLogCluster: access_log_cluster }),
  };
}

function metadataFault(error: z.ZodError, node: string): DomainError {
  const violations = error.issues.map(({ path, message }) => ({
    field: [`${node}.metadata.portolan`, ...path].join("."),
    description: message,
  }));
  return new DomainError({ reason: "FIELDS_INVALID", violations });
}

/** `cluster` is where both gRPC and Envoy say which program it is. */
function consumerOf(node: Node | undefined): string {
  const parsed = label.safeParse(node?.cluster);
  return parsed.success ? parsed.data : "";
}

function agentVersion(node: Node | undefined): string {
  const version = node?.userAgentVersionType;
  if (version?.case === "userAgentVersion") return version.value;
  const numbers = version?.case === "userAgentBuildVersion" ? version.value.version : undefined;
  return numbers ? `${numbers.majorNumber}.${numbers.minorNumber}.${numbers.patch}` : "";
}

function readLocality({ region, zone, subZone }: Locality): Locality {
  return { region, zone, subZone };
}
