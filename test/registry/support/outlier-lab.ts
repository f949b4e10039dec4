import { Registry as MetricsRegister } from "prom-client";
import type { EntityKey, Instance, OutlierDetection } from "../../../src/model/index.js";
import { createOutlierMetrics } from "../../../src/registry/health/outliers/metrics.js";
import { type ObservedCalls, Outliers } from "../../../src/registry/health/outliers/outliers.js";
import { anInstance } from "../../support/entities.js";
import { FakeClock } from "../../support/fake-clock.js";

/** Calls of an instance of the lab: OK, and UNAVAILABLE. */
export function callsOf(instanceId: string, good: number, bad: number): ObservedCalls {
  const codes: readonly (readonly [number, number])[] = [
    [0, good],
    [14, bad],
  ];
  return { namespace: "default", service: "x", instanceId, callsByCode: new Map(codes.filter(([, n]) => n > 0)) };
}

/** A service with instances, and the detection that is told of their calls. */
export class OutlierLab {
  readonly clock = new FakeClock();
  readonly metrics = createOutlierMetrics(new MetricsRegister());
  readonly instances = new Map<string, Instance>();
  readonly told: (readonly EntityKey[])[] = [];
  detection: OutlierDetection | undefined;
  exists = true;
  /** How often somebody went through all instances. */
  walks = 0;
  readonly outliers: Outliers;

  constructor(count: number, detection?: OutlierDetection) {
    this.detection = detection;
    for (let n = 0; n < count; n++) this.join(`i${n}`);
    this.outliers = new Outliers({
      clock: this.clock,
      metrics: this.metrics,
      service: () => {
        if (!this.exists) return undefined;
        const { detection: settings, instances } = this;
        return { detection: settings, has: (id) => instances.has(id), instances: () => this.#walk() };
      },
      onFinding: (keys) => void this.told.push(keys),
    });
  }

  join(id: string, fields: Partial<Instance> = {}): Instance {
    const instance = { ...anInstance("x", id, fields).value, createRevision: 1n, modRevision: 1n } as Instance;
    this.instances.set(id, instance);
    return instance;
  }

  #walk(): Iterable<Instance> {
    this.walks++;
    return this.instances.values();
  }

  /** Reports calls of one instance. */
  calls(id: string, good: number, bad: number): void {
    this.outliers.observe([callsOf(id, good, bad)]);
  }

  /** Ids that are out now. */
  out(): string[] {
    return [...this.instances.values()].filter((one) => this.outliers.finding(one)).map(({ id }) => id);
  }

  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 250) this.clock.advance(250);
  }
}
