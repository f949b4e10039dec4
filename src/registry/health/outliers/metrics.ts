import { Counter, Gauge, type Registry } from "prom-client";

/** Outlier detection's counts. */
export interface OutlierMetrics {
  readonly ejected: Gauge;
  readonly ejections: Counter<"test">;
  readonly refused: Counter;
}

/** Creates outlier detection's metrics in `register`; once for each. */
export function createOutlierMetrics(register: Registry): OutlierMetrics {
  const registers = [register];
  return {
    ejected: new Gauge({
      name: "portolan_registry_outliers_ejected",
      help: "Instances that are out because of what their callers saw.",
      registers,
    }),
    ejections: new Counter({
      name: "portolan_registry_outlier_ejections_total",
      help: "Instances put out, by the test that found them.",
      labelNames: ["test"],
      registers,
    }),
    refused: new Counter({
      name: "portolan_registry_outlier_ejections_refused_total",
      help: "Outliers that stayed because too many are out already, or they are the last.",
      registers,
    }),
  };
}
