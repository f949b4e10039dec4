import type { Discovered } from "../../discovery/index.js";
import { DEFAULT_WEIGHT, formatAddress, isCondemned, type Locality, takesCalls } from "../../model/index.js";

/** One address of a service as it goes out. */
export interface LbTarget {
  readonly host: string;
  readonly port: number;
  /** It finishes what it has, and is given no new calls. */
  readonly draining: boolean;
  /** 1 or more. */
  readonly weight: number;
}

/** Targets in one place that are equally heavy. */
export interface LbGroup {
  readonly locality: Locality;
  /** 0 is best; without gaps. */
  readonly priority: number;
  /** Of those that take calls together; 1 or more. */
  readonly weight: number;
  readonly targets: readonly LbTarget[];
}

/** What of a service's instances goes out. */
export interface Selection {
  readonly instances: readonly Discovered[];
  /** True when those that only probes or callers condemned are given out too. */
  readonly panic: boolean;
  /** Whether an endpoint can be said to who asks: by its host, and whether it speaks TLS. */
  readonly usable: (endpoint: { readonly host: string; readonly tls: boolean }) => boolean;
}

const NOWHERE: Locality = { region: "", zone: "", subZone: "" };
const MAX_WEIGHTS = 2 ** 32 - 1;

interface Candidate extends LbTarget {
  readonly locality: Locality;
  readonly priority: number;
}

/**
 * The endpoints of a service, by priority and place.
 *
 * - Who takes calls goes out as healthy, also when degraded, because gRPC drops every other state; who drains, as draining.
 * - Where everybody drains, that place is empty to gRPC: it goes out only when all drain.
 * - A weight of 0 is refused on the wire, so such an instance is left out.
 * - Two instances with one address are one endpoint: the better one counts.
 * - gRPC does not look at the weights of endpoints, only at those of places. So instances of another weight than the default
 *   stand in a place of their own, whose sub-zone tells the weight: the share of each is right for everybody.
 */
export function groupsOf(selection: Selection): LbGroup[] {
  const candidates = withoutGaps([...byAddress(selection).values()]);
  const groups = new Map<string, Candidate[]>();
  for (const candidate of candidates.filter(({ draining }) => !draining)) push(groups, groupKey(candidate), candidate);
  const allDrain = groups.size === 0;
  for (const candidate of candidates.filter(({ draining }) => draining)) {
    const key = groupOfPlace(groups, candidate) ?? (allDrain ? groupKey(candidate) : undefined);
    if (key !== undefined) push(groups, key, candidate);
  }
  return fitted([...groups.values()].map(toGroup).sort(byPriorityThenPlace));
}

function byAddress({ instances, panic, usable }: Selection): Map<string, Candidate> {
  const all = new Map<string, Candidate>();
  for (const { instance, priority, effectiveWeight } of instances) {
    const endpoint = instance.endpoints[0];
    const serves = takesCalls(instance.health) || (panic && isCondemned(instance));
    const draining = !serves && instance.health === "draining";
    if (!endpoint || !usable(endpoint) || effectiveWeight === 0 || !(serves || draining)) continue;
    const { host, port } = endpoint;
    const candidate = {
      host,
      port,
      draining,
      weight: effectiveWeight,
      priority,
      locality: instance.locality ?? NOWHERE,
    };
    const key = formatAddress(host, port);
    const known = all.get(key);
    if (!known || (known.draining && !draining)) all.set(key, candidate);
  }
  return all;
}

/** Priorities in which somebody takes calls, or all of them when nobody does, counted from 0. */
function withoutGaps(candidates: readonly Candidate[]): Candidate[] {
  const serving = candidates.filter(({ draining }) => !draining);
  const base = serving.length > 0 ? serving : candidates;
  const priorities = [...new Set(base.map(({ priority }) => priority))].sort((a, b) => a - b);
  return candidates.flatMap((candidate) => {
    const priority = priorities.indexOf(candidate.priority);
    return priority === -1 ? [] : [{ ...candidate, priority }];
  });
}

function groupKey({ priority, locality, weight }: Candidate): string {
  return JSON.stringify([priority, locality.region, locality.zone, locality.subZone, weight]);
}

/** A group of the same place that there is already. */
function groupOfPlace(groups: ReadonlyMap<string, readonly Candidate[]>, candidate: Candidate): string | undefined {
  for (const [key, [first]] of groups) {
    if (first && first.priority === candidate.priority && isSamePlace(first.locality, candidate.locality)) return key;
  }
  return undefined;
}

function isSamePlace(a: Locality, b: Locality): boolean {
  return a.region === b.region && a.zone === b.zone && a.subZone === b.subZone;
}

function toGroup(candidates: readonly Candidate[]): LbGroup {
  const serving = candidates.filter(({ draining }) => !draining);
  const [first = candidates[0] as Candidate] = serving;
  const { priority, weight, locality } = first;
  const targets = candidates.map(({ host, port, draining, weight: own }) => ({ host, port, draining, weight: own }));
  return { locality: placeOf(locality, weight), priority, weight: Math.max(1, weight * serving.length), targets };
}

function placeOf(locality: Locality, weight: number): Locality {
  if (weight === DEFAULT_WEIGHT) return locality;
  return { ...locality, subZone: `${locality.subZone}~weight-${weight}` };
}

function byPriorityThenPlace(a: LbGroup, b: LbGroup): number {
  return a.priority - b.priority || compare(placeKey(a), placeKey(b));
}

function placeKey({ locality: { region, zone, subZone } }: LbGroup): string {
  return `${region}/${zone}/${subZone}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** The weights of a priority may add up to no more than 32 bits; beyond that all are scaled down. */
function fitted(groups: LbGroup[]): LbGroup[] {
  const sum = groups.reduce((total, { weight }) => total + weight, 0);
  if (sum <= MAX_WEIGHTS) return groups;
  const scale = (MAX_WEIGHTS - groups.length) / sum;
  return groups.map((group) => ({ ...group, weight: Math.max(1, Math.floor(group.weight * scale)) }));
}

function push(groups: Map<string, Candidate[]>, key: string, candidate: Candidate): void {
  const known = groups.get(key);
  if (known) known.push(candidate);
  else groups.set(key, [candidate]);
}
