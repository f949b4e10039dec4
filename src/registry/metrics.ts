import { Counter, Gauge, type Registry } from "prom-client";
import { createGuardMetrics, type GuardMetrics } from "./expiry/guard-metrics.js";
import { createOutlierMetrics, type OutlierMetrics } from "./health/outliers/metrics.js";
import { createProbeMetrics, type ProbeMetrics } from "./health/probe/metrics.js";

/** What became of a registration: new, another spec or holder, the same again, not allowed, not durable. */
export type RegistrationOutcome = "created" | "replaced" | "renewed" | "refused" | "failed";

/** The registry's counts. */
export interface RegistryMetrics {
  readonly sessionsAttached: Gauge;
  readonly sessionsKnown: Gauge;
  readonly leases: Gauge;
  readonly draining: Gauge;
  readonly registrations: Counter<"outcome">;
  readonly renewals: Counter<"found">;
  /** Instances that left because a time ended; `cause` as in the commit. */
  readonly expirations: Counter<"cause">;
  readonly superseded: Counter;
  readonly retries: Counter;
  /** Changes of health that nobody asked for. */
  readonly healthChanges: Counter;
  readonly probes: ProbeMetrics;
  readonly outliers: OutlierMetrics;
  readonly guard: GuardMetrics;
}

/** Creates the registry's metrics in `register`; once for each. */
export function createRegistryMetrics(register: Registry): RegistryMetrics {
  const registers = [register];
  const gauge = (name: string, help: string) => new Gauge({ name: `portolan_registry_${name}`, help, registers });
  const counter = (name: string, help: string) => new Counter({ name: `portolan_registry_${name}`, help, registers });
  const countBy = <L extends string>(label: L, name: string, help: string): Counter<L> =>
    new Counter<L>({ name: `portolan_registry_${name}`, help, registers, labelNames: [label] });
  return {
    sessionsAttached: gauge("sessions_attached", "Sessions attached to a stream now."),
    sessionsKnown: gauge("sessions_known", "Sessions attached or within their TTL."),
    leases: gauge("leases", "Instances kept by a lease."),
    draining: gauge("instances_draining", "Instances that drain before they leave."),
    registrations: countBy("outcome", "registrations_total", "Instances asked to be registered, by what became of it."),
    renewals: countBy("found", "renewals_total", "Leases asked to be renewed, by whether they were there."),
    expirations: countBy("cause", "expirations_total", "Instances that left because a lease, session or drain ended."),
    superseded: counter("superseded_total", "Instances that another holder took from a session."),
    retries: counter("store_retries_total", "Commits of the plane's own that failed and were put off."),
    healthChanges: counter("health_changes_total", "Instances changed because of probes, callers or time."),
    probes: createProbeMetrics(register),
    outliers: createOutlierMetrics(register),
    guard: createGuardMetrics(register),
  };
}
