import { type Health, takesCalls, type Voices } from "./health.js";
import type { Locality } from "./locality.js";

/** What an endpoint speaks; `unspecified` when its owner did not say. */
export type Protocol = "unspecified" | "grpc" | "http" | "http2" | "tcp";

/** One address and port of an instance. */
export interface Endpoint {
  /** A DNS label, unique within the instance. */
  readonly name: string;
  /** An IP literal or a DNS name. */
  readonly host: string;
  /** 1 to 65,535. */
  readonly port: number;
  readonly protocol: Protocol;
  readonly tls: boolean;
}

/** How the control plane probes an instance. Every value is resolved: defaults are filled in at the edge. */
export interface HealthCheck {
  readonly probe:
    | { readonly kind: "grpc"; readonly service: string }
    | { readonly kind: "http"; readonly path: string; readonly expectedStatuses: readonly number[] }
    | { readonly kind: "tcp" };
  /** The endpoint to probe; empty means the first. */
  readonly endpointName: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Failures in a row before not-serving. */
  readonly unhealthyThreshold: number;
  /** Successes in a row before serving. */
  readonly healthyThreshold: number;
}

/** What keeps an instance in the catalogue. */
export type Holder =
  | { readonly kind: "session"; readonly sessionId: string }
  | { readonly kind: "lease"; readonly ttlMs: number }
  /** Stays until it is deregistered. */
  | { readonly kind: "none" };

/** One running copy of a service. Immutable: a change is a new object, so caches may key by identity. */
export interface Instance {
  readonly namespace: string;
  readonly service: string;
  readonly id: string;
  /** At least one; the first is the default. */
  readonly endpoints: readonly Endpoint[];
  readonly locality?: Locality;
  /** 0 to 10,000; absent means 100. */
  readonly weight?: number;
  readonly version: string;
  /** label key -> value. */
  readonly labels: Readonly<Record<string, string>>;
  /** What the instance says of itself. */
  readonly reportedHealth: Health;
  readonly healthCheck?: HealthCheck;
  /** What consumers are told: the worst of all voices. */
  readonly health: Health;
  /** Why health is what it is, for people; empty when it is simply what was reported. */
  readonly healthReason: string;
  /** What others than the instance say of its health; absent when nobody else speaks. */
  readonly voices?: Voices;
  /** Set while its weight grows after it began to serve: the share that it has reached, 1 to 99 percent. */
  readonly slowStartPercent?: number;
  readonly holder: Holder;
  /** Set while it drains before it leaves: how long that lasts from the change that set it (and again after a restart). */
  readonly drainMs?: number;
  /** Wall clock, milliseconds since the epoch. */
  readonly registeredAtMs: number;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
}

/** An instance before the store gave it its revisions. */
export type InstanceDraft = Omit<Instance, "createRevision" | "modRevision">;

/** Identifies an instance. */
export interface InstanceRef {
  readonly namespace: string;
  readonly service: string;
  readonly id: string;
}

/**
 * True for an instance that takes no calls only because probes or callers condemned it, or because it is held for what they
 * found: panic brings it back. One that says so itself, drains or was ordered out is none.
 */
export function isCondemned({ health, reportedHealth, drainMs, voices }: Instance): boolean {
  if (!voices || takesCalls(health) || !takesCalls(reportedHealth) || drainMs !== undefined) return false;
  const { probed, observed, ordered, held } = voices;
  if (ordered && !takesCalls(ordered.health)) return false;
  return [probed, observed, held].some((voice) => voice !== undefined && !takesCalls(voice.health));
}

/** Its weight among its siblings now: 0 only where that was asked for. */
export function effectiveWeight({ weight = DEFAULT_WEIGHT, slowStartPercent = 100 }: Instance): number {
  return slowStartPercent === 100 ? weight : Math.ceil((weight * slowStartPercent) / 100);
}

/** The weight of an instance that does not say. */
export const DEFAULT_WEIGHT = 100;
