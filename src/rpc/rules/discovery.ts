import {
  ResolveRequestSchema,
  TargetSchema,
  WatchRequestSchema,
  WatchServicesRequestSchema,
} from "../../../gen/portolan/discovery/v1/discovery_pb.js";
import {
  ListInstancesRequestSchema,
  ListServicesRequestSchema,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { Filters } from "../filter/index.js";
import { filter } from "./filter.js";
import { localityRules } from "./instance.js";
import { free, list, type MessageRules, rulesFor } from "./message-rules.js";
import { name, nameOrEmpty, nameOrStar, namespace, namespaceOrStar } from "./names.js";
import { duration } from "./times.js";
import { pageSize, pageToken, revision } from "./values.js";

const bookmarkInterval = duration({ minMs: 1_000, maxMs: 600_000 });

/** What the rules of reads depend on. */
export interface ReadLimits {
  readonly filters: Filters;
  /** How many targets one watch may have. */
  readonly watchMaxTargets: number;
}

/** Requests that read the catalogue: of DiscoveryService, and the listings of RegistryService. */
export function readRules({ filters, watchMaxTargets }: ReadLimits): readonly MessageRules[] {
  const rest = { filter: filter(filters, "instance"), endpointName: nameOrEmpty } as const;
  const targetRules = rulesFor(TargetSchema, { namespace, service: nameOrStar, ...rest });
  const oneService = rulesFor(TargetSchema, { namespace, service: name, ...rest }).type;
  const viewer = { locality: localityRules.type.optional(), consumer: nameOrEmpty, includeUnhealthy: free } as const;
  return [
    targetRules,
    rulesFor(ResolveRequestSchema, { target: oneService, ...viewer, minRevision: revision }),
    rulesFor(WatchRequestSchema, {
      targets: list(targetRules.type, 1, watchMaxTargets),
      ...viewer,
      afterRevision: revision,
      bookmarkInterval,
    }),
    rulesFor(WatchServicesRequestSchema, {
      namespace: namespaceOrStar,
      filter: filter(filters, "service"),
      afterRevision: revision,
      bookmarkInterval,
    }),
    rulesFor(ListServicesRequestSchema, {
      namespace: namespaceOrStar,
      filter: filter(filters, "service"),
      pageSize,
      pageToken,
    }),
    rulesFor(ListInstancesRequestSchema, {
      namespace: namespaceOrStar,
      service: nameOrEmpty,
      filter: filter(filters, "instance"),
      pageSize,
      pageToken,
    }),
  ];
}
