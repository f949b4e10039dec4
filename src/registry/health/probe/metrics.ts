import { Counter, Gauge, type Registry } from "prom-client";

/** The prober's counts. */
export interface ProbeMetrics {
  readonly probed: Gauge;
  readonly inFlight: Gauge;
  readonly probes: Counter<"kind" | "outcome">;
}

/** Creates the prober's metrics in `register`; once for each. */
export function createProbeMetrics(register: Registry): ProbeMetrics {
  const registers = [register];
  const gauge = (name: string, help: string) => new Gauge({ name: `portolan_registry_${name}`, help, registers });
  return {
    probed: gauge("probed_instances", "Instances that are probed."),
    inFlight: gauge("probes_in_flight", "Probes under way."),
    probes: new Counter({
      name: "portolan_registry_probes_total",
      help: "Probes, by kind and by what came of them; void: the plane stood still or lacked something.",
      labelNames: ["kind", "outcome"],
      registers,
    }),
  };
}
