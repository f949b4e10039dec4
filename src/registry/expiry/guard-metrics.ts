import { Counter, Gauge, type Registry } from "prom-client";

/** The guard's counts. */
export interface GuardMetrics {
  readonly paused: Gauge;
  readonly pauses: Counter;
  readonly lost: Gauge;
}

/** Creates the guard's metrics in `register`; once for each. */
export function createGuardMetrics(register: Registry): GuardMetrics {
  const registers = [register];
  const gauge = (name: string, help: string) => new Gauge({ name: `portolan_registry_${name}`, help, registers });
  return {
    paused: gauge("expiry_paused", "1 while nothing expires because many clients were lost at once."),
    pauses: new Counter({
      name: "portolan_registry_expiry_pauses_total",
      help: "How often expiry was paused.",
      registers,
    }),
    lost: gauge("clients_lost", "Clients (sessions, addresses with leases) that are not heard and have not left."),
  };
}
