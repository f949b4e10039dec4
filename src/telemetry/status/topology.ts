import type { Service } from "../../model/index.js";
import type { CallPoint } from "../calls/figures.js";
import { compareNames } from "../compare-names.js";
import { type CallEdge, summarizeCalls } from "./recent-calls.js";
import { type ServiceStatus, type StatusSources, statusOf } from "./status.js";

/** Which part of the topology, and how far back calls count. */
export interface TopologyQuery {
  /** "*" means every namespace. */
  readonly namespace: string;
  readonly windowMs: number;
  readonly signal?: AbortSignal;
}

/** A service and how it is. */
export interface TopologyNode {
  readonly service: Service;
  readonly status: ServiceStatus;
}

/** A consumer calls a service. */
export interface TopologyEdge extends CallEdge {
  /** Somebody said so. Nobody can yet: always false. */
  readonly declared: boolean;
  /** Calls were seen in the window. */
  readonly observed: boolean;
  readonly calls: CallPoint;
}

/** Who calls whom. */
export interface Topology {
  /** By namespace and name. */
  readonly nodes: readonly TopologyNode[];
  /** By consumer, then by service, each by namespace and name. Those whose consumer or service is in the namespace; calls of unknown consumers make none. */
  readonly edges: readonly TopologyEdge[];
  readonly revision: bigint;
}

/** Reads the topology: services as nodes, observed calls as edges. @throws DomainError STORE_UNAVAILABLE. */
export async function readTopology(sources: StatusSources, query: TopologyQuery): Promise<Topology> {
  const { roster, calls, clock } = sources;
  const summary = await summarizeCalls(calls, { clock, ...query });
  const nodes = roster.in(query.namespace).map(({ service }) => ({
    service,
    status: statusOf(roster, service, summary),
  }));
  const isWanted = (edge: CallEdge) =>
    edge.consumer !== "" &&
    (query.namespace === "*" || edge.namespace === query.namespace || edge.consumerNamespace === query.namespace);
  const edges = [...summary.edges()]
    .filter(isWanted)
    .sort((a, b) => compareNames(edgeNames(a), edgeNames(b)))
    .map((edge) => ({ ...edge, declared: false, observed: true }));
  return { nodes, edges, revision: roster.revision };
}

function edgeNames({ consumerNamespace, consumer, namespace, service }: CallEdge): string[] {
  return [consumerNamespace, consumer, namespace, service];
}
