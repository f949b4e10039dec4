import type { ServiceImpl } from "@connectrpc/connect";
import type {
  DiscoveryService,
  Target as ProtoTarget,
  WatchRequest,
  WatchResponse,
  WatchServicesRequest,
} from "../../../gen/portolan/discovery/v1/discovery_pb.js";
import type { Discovery, Target, Viewer, WatchBatch } from "../../discovery/index.js";
import { type Clock, mapped } from "../../stream/index.js";
import type { Filters } from "../filter/index.js";
import { encodedBy } from "../grpc/encode.js";
import { type Rules, validate } from "../rules/index.js";
import {
  durationMsFromProto,
  localityFromProto,
  namespaceFromProto,
  resolutionToProto,
  servicesBatchToProto,
  watchBatchToProto,
  writeResolution,
  writeWatchBatch,
} from "../translate/index.js";
import { beforeDeadline } from "./before-deadline.js";

/** What DiscoveryService needs. */
export interface DiscoveryServiceOptions {
  readonly discovery: Discovery;
  readonly rules: Rules;
  readonly filters: Filters;
  readonly clock: Clock;
  /** For watches that do not say: a bookmark at least this often. Default 30,000. */
  readonly bookmarkIntervalMs?: number;
}

const DEFAULT_BOOKMARK_INTERVAL_MS = 30_000;

/** Answers DiscoveryService: who serves this name now, and tell me when that changes. */
export function createDiscoveryService(options: DiscoveryServiceOptions): ServiceImpl<typeof DiscoveryService> {
  const { discovery, rules, filters, clock } = options;
  const responses = new SharedResponses();
  const watching = (request: WatchRequest | WatchServicesRequest, signal: AbortSignal) => ({
    afterRevision: request.afterRevision,
    bookmarkIntervalMs: request.bookmarkInterval
      ? durationMsFromProto(request.bookmarkInterval)
      : (options.bookmarkIntervalMs ?? DEFAULT_BOOKMARK_INTERVAL_MS),
    signal,
  });
  return {
    async resolve(request, context) {
      validate(rules, request);
      if (request.minRevision > discovery.revision) {
        using wait = beforeDeadline(context, clock);
        await discovery.reached(request.minRevision, wait.signal);
      }
      const resolution = discovery.resolve(targetFromProto(request.target, filters), viewerFromProto(request));
      return encodedBy(resolutionToProto(resolution), (writer) => writeResolution(writer, resolution));
    },
    watch(request, { signal }) {
      validate(rules, request);
      const targets = request.targets.map((target) => targetFromProto(target, filters));
      const batches = discovery.watch({ targets, viewer: viewerFromProto(request), ...watching(request, signal) });
      return mapped(batches, (batch) => responses.of(batch));
    },
    watchServices(request, { signal }) {
      validate(rules, request);
      const filter = filters.compile("service", request.filter);
      const namespace = namespaceFromProto(request.namespace);
      const batches = discovery.watchServices({ namespace, ...(filter && { filter }), ...watching(request, signal) });
      return mapped(batches, servicesBatchToProto);
    },
  };
}

/** batch -> its message, so that what many watches are told is translated and encoded once. */
class SharedResponses {
  readonly #responses = new WeakMap<WatchBatch, WatchResponse>();

  of(batch: WatchBatch): WatchResponse {
    const known = this.#responses.get(batch);
    if (known) return known;
    const response = encodedBy(watchBatchToProto(batch), (writer) => writeWatchBatch(writer, batch));
    this.#responses.set(batch, response);
    return response;
  }
}

function targetFromProto(target: ProtoTarget | undefined, filters: Filters): Target {
  const { namespace = "", service = "", filter: text = "", endpointName = "" } = target ?? {};
  const filter = filters.compile("instance", text);
  return { namespace: namespaceFromProto(namespace), service, endpointName, ...(filter && { filter }) };
}

function viewerFromProto(request: Pick<WatchRequest, "locality" | "consumer" | "includeUnhealthy">): Viewer {
  const { locality, consumer, includeUnhealthy } = request;
  return { consumer, includeUnhealthy, ...(locality && { locality: localityFromProto(locality) }) };
}
