import { DomainError, type Health, type ServiceRef, takesCalls, worstHealth } from "../../model/index.js";
import type { Clock } from "../../stream/index.js";
import type { CallReader } from "../calls/call-query.js";
import type { CallPoint } from "../calls/figures.js";
import { type Roster, rosterKey } from "../roster.js";
import { type CallSummary, summarizeCalls } from "./recent-calls.js";

/** A service at a glance. */
export interface ServiceStatus {
  readonly namespace: string;
  readonly service: string;
  /** health -> instances in it, from best to worst; healths that none is in are left out. */
  readonly instancesByHealth: ReadonlyMap<Health, number>;
  /** How its calls went in the window. */
  readonly calls: CallPoint;
  /** True when at least one instance takes calls. */
  readonly available: boolean;
  /** The revision that the instances are of. */
  readonly revision: bigint;
}

/** Which status to read. */
export interface StatusQuery {
  readonly service: ServiceRef;
  /** How far back calls count, in milliseconds. */
  readonly windowMs: number;
  readonly signal?: AbortSignal;
}

/** What statuses are made from. */
export interface StatusSources {
  readonly roster: Roster;
  readonly calls: CallReader;
  readonly clock: Clock;
}

/** Reads the status of a service. @throws DomainError NOT_FOUND, STORE_UNAVAILABLE. */
export async function readStatus(sources: StatusSources, query: StatusQuery): Promise<ServiceStatus> {
  requireService(sources.roster, query.service);
  const summary = await summarizeCalls(sources.calls, { clock: sources.clock, ...query });
  return statusOf(sources.roster, query.service, summary);
}

/** Makes a status as of now; one of a service that does not exist has no instances. */
export function statusOf(roster: Roster, service: ServiceRef, summary: CallSummary): ServiceStatus {
  const key = rosterKey(service);
  const instancesByHealth = new Map([...(roster.get(key)?.instancesByHealth ?? [])].sort(bestFirst));
  return {
    namespace: service.namespace,
    service: service.name,
    instancesByHealth,
    calls: summary.of(key),
    available: [...instancesByHealth.keys()].some(takesCalls),
    revision: roster.revision,
  };
}

/** Orders healths that differ. */
function bestFirst([a]: readonly [Health, number], [b]: readonly [Health, number]): number {
  return worstHealth(a, b) === b ? -1 : 1;
}

/** @throws DomainError NOT_FOUND when the service does not exist. */
export function requireService(roster: Roster, service: ServiceRef): void {
  if (roster.has(service)) return;
  throw new DomainError({ reason: "NOT_FOUND", type: "service", name: rosterKey(service) });
}
