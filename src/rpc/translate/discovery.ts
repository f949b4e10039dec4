import type {
  DiscoveredInstance as ProtoDiscovered,
  ServiceUpdate as ProtoUpdate,
  ResolveResponse,
  WatchResponse,
  WatchServicesResponse,
} from "../../../gen/portolan/discovery/v1/discovery_pb.js";
import type { Discovered, Resolution, ServicesBatch, ServiceUpdate, WatchBatch } from "../../discovery/index.js";
import { instanceToProto } from "./instance.js";
import { serviceToProto } from "./service.js";
import { timestampToProto } from "./time.js";

/** What `Resolve` answers. Its instances are translated when they are read: most often `writeResolution` is enough. */
export function resolutionToProto(resolution: Resolution): ResolveResponse {
  return {
    $typeName: "portolan.discovery.v1.ResolveResponse",
    revision: resolution.revision,
    exists: resolution.exists,
    get instances() {
      return resolution.instances.map(discoveredToProto);
    },
    panic: resolution.panic,
  };
}

/** One response of `Watch`. Its updates are translated when they are read: most often `writeWatchBatch` is enough. */
export function watchBatchToProto(batch: WatchBatch): WatchResponse {
  return {
    $typeName: "portolan.discovery.v1.WatchResponse",
    revision: batch.revision,
    get updates() {
      return batch.updates.map(updateToProto);
    },
    synced: batch.synced,
    committedAt: batch.committedAtMs > 0 ? timestampToProto(batch.committedAtMs) : undefined,
    merged: BigInt(batch.merged),
    reset: batch.reset,
  };
}

/** One response of `WatchServices`. */
export function servicesBatchToProto(batch: ServicesBatch): WatchServicesResponse {
  return {
    $typeName: "portolan.discovery.v1.WatchServicesResponse",
    revision: batch.revision,
    reset: batch.reset,
    put: batch.put.map(serviceToProto),
    removed: batch.removed.map((ref) => ({ $typeName: "portolan.discovery.v1.ServiceRef", ...ref })),
    synced: batch.synced,
  };
}

function updateToProto(update: ServiceUpdate): ProtoUpdate {
  return {
    $typeName: "portolan.discovery.v1.ServiceUpdate",
    namespace: update.namespace,
    service: update.service,
    exists: update.exists,
    reset: update.reset,
    put: update.put.map(discoveredToProto),
    removed: [...update.removed],
    panic: update.panic,
    target: update.target,
  };
}

function discoveredToProto(discovered: Discovered): ProtoDiscovered {
  return {
    $typeName: "portolan.discovery.v1.DiscoveredInstance",
    instance: instanceToProto(discovered.instance),
    priority: discovered.priority,
    effectiveWeight: discovered.effectiveWeight,
  };
}
