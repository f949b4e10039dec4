import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { ServiceUpdate } from "./discovery.js";

/** What the read side counts. */
export interface DiscoveryMetrics {
  /** One watch was told `updates`, `delayMs` after their newest change was committed; `merged` changes were left out. */
  delivered(updates: readonly ServiceUpdate[], merged: number, delayMs: number): void;
  /** A watch began (1) or ended (-1). */
  watching(kind: "instances" | "services", by: 1 | -1): void;
  /** A reader connected: how he was served. */
  started(how: "full" | "resumed"): void;
  resolved(): void;
}

/** Figures that are read when they are asked for. */
export interface DiscoverySources {
  services(): number;
  instances(): number;
  views(): number;
  /** Services in panic. */
  panicking(): number;
  /** Watches whose reader has not asked for what waits for him. */
  behind(): number;
}

/** Registers the read side's metrics with `register`. */
export function createDiscoveryMetrics(
  register: Registry,
  sources: () => DiscoverySources | undefined,
): DiscoveryMetrics {
  const registers = [register];
  const gauge = (name: string, help: string, read: (from: DiscoverySources) => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        const from = sources();
        this.set(from ? read(from) : 0);
      },
    });
  };
  gauge("portolan_discovery_services", "Services in the catalogue.", (from) => from.services());
  gauge("portolan_discovery_instances", "Instances in the catalogue.", (from) => from.instances());
  gauge("portolan_discovery_views", "Distinct views that watches share.", (from) => from.views());
  gauge(
    "portolan_discovery_services_in_panic",
    "Services of which condemned instances are returned because too few take calls.",
    (from) => from.panicking(),
  );
  gauge("portolan_discovery_watches_behind", "Watches with changes that their reader has not taken.", (from) =>
    from.behind(),
  );
  return createCounters(registers);
}

function createCounters(registers: Registry[]): DiscoveryMetrics {
  const delivered = new Counter({
    name: "portolan_discovery_delivered_changes_total",
    help: "Instance changes handed to watches.",
    registers,
  });
  const merged = new Counter({
    name: "portolan_discovery_merged_changes_total",
    help: "Instance changes left out because newer ones replaced them before the reader asked.",
    registers,
  });
  const delay = new Histogram({
    name: "portolan_discovery_commit_to_write_seconds",
    help: "From the commit of a change until it is handed to a watch's stream.",
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const watches = new Gauge({
    name: "portolan_discovery_watches",
    help: "Open watches.",
    labelNames: ["kind"],
    registers,
  });
  const starts = new Counter({
    name: "portolan_discovery_watch_starts_total",
    help: "Watches begun, by full sets or resumed from history.",
    labelNames: ["how"],
    registers,
  });
  const resolves = new Counter({ name: "portolan_discovery_resolves_total", help: "Resolve calls.", registers });
  return {
    delivered(updates, left, delayMs) {
      let changes = 0;
      for (const update of updates) changes += update.put.length + update.removed.length;
      delivered.inc(changes);
      if (left > 0) merged.inc(left);
      delay.observe(Math.max(0, delayMs) / 1000);
    },
    watching: (kind, by) => watches.inc({ kind }, by),
    started: (how) => starts.inc({ how }),
    resolved: () => resolves.inc(),
  };
}
