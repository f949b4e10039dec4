import { create } from "@bufbuild/protobuf";
import { Health as ProtoHealth } from "../../../gen/portolan/registry/v1/registry_pb.js";
import {
  EventSchema,
  type GetTopologyResponse,
  GetTopologyResponseSchema,
  type Event as ProtoEvent,
  type EventQuery as ProtoEventQuery,
  type ServiceStatus as ProtoServiceStatus,
  ServiceStatusSchema,
} from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";
import type { ListedService } from "../../discovery/index.js";
import { DEFAULT_PANIC_THRESHOLD_PERCENT, takesCalls } from "../../model/index.js";
import type { Event, EventQuery, ServiceStatus, Topology, TopologyNode } from "../../telemetry/index.js";
import { healthToProto } from "./enums.js";
import { serviceToProto } from "./service.js";
import { anyNamespace, callPointToProto } from "./telemetry-calls.js";
import { timestampToProto } from "./time.js";

/** An event. */
export function eventToProto({ place: _, timeMs, ...event }: Event): ProtoEvent {
  return create(EventSchema, { ...event, time: timestampToProto(timeMs) });
}

/** Which events are wanted; without a query all. An empty namespace, or "*", means every one. */
export function eventQueryFromProto(query: ProtoEventQuery | undefined): EventQuery {
  const { namespace = "", service = "", type = "", actor = "" } = query ?? {};
  return { namespace: anyNamespace(namespace), service, type, actor };
}

/** What a status says that telemetry does not know. */
export interface Situation {
  /** The service as discovery shows it; undefined once it is gone. */
  readonly listed: ListedService | undefined;
  readonly expiryPaused: boolean;
}

/** A service at a glance; healths go by the names of the enum, without its prefix. */
export function serviceStatusToProto(status: ServiceStatus, { listed, expiryPaused }: Situation): ProtoServiceStatus {
  const { namespace, service, available, revision } = status;
  const counts = [...status.instancesByHealth].map(([health, count]) => [ProtoHealth[healthToProto(health)], count]);
  return create(ServiceStatusSchema, {
    namespace,
    service,
    available,
    revision,
    instancesByHealth: Object.fromEntries(counts),
    calls: callPointToProto(status.calls),
    panic: listed?.panic ?? false,
    panicThresholdPercent: listed?.service.panicThresholdPercent ?? DEFAULT_PANIC_THRESHOLD_PERCENT,
    expiryPaused,
  });
}

/** Who calls whom. */
export function topologyToProto(
  { nodes, edges, revision }: Topology,
  show: (status: ServiceStatus) => ProtoServiceStatus,
): GetTopologyResponse {
  return create(GetTopologyResponseSchema, {
    nodes: nodes.map((node) => nodeToProto(node, show)),
    edges: edges.map(({ calls, ...edge }) => ({ ...edge, calls: callPointToProto(calls) })),
    revision,
  });
}

function nodeToProto({ service, status }: TopologyNode, show: (status: ServiceStatus) => ProtoServiceStatus) {
  let instanceCount = 0;
  let servingCount = 0;
  for (const [health, count] of status.instancesByHealth) {
    instanceCount += count;
    if (takesCalls(health)) servingCount += count;
  }
  const listed = { service, instanceCount, servingCount, panic: false };
  return { service: serviceToProto(listed), status: show(status) };
}
