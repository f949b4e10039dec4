import fc from "fast-check";
import { Registry as MetricsRegister } from "prom-client";
import { describe, expect, test } from "vitest";
import type { EntityKey, Instance, OutlierDetection } from "../../../../src/model/index.js";
import { createOutlierMetrics } from "../../../../src/registry/health/outliers/metrics.js";
import { Outliers } from "../../../../src/registry/health/outliers/outliers.js";
import { anInstance, keyOfInstance } from "../../../support/entities.js";
import { FakeClock } from "../../../support/fake-clock.js";

/** A service with instances, and the detection that is told of their calls. */
class Lab {
  readonly clock = new FakeClock();
  readonly instances = new Map<string, Instance>();
  readonly told: (readonly EntityKey[])[] = [];
  detection: OutlierDetection | undefined;
  exists = true;
  readonly outliers: Outliers;

  constructor(count: number, detection?: OutlierDetection) {
    this.detection = detection;
    for (let n = 0; n < count; n++) this.join(`i${n}`);
    this.outliers = new Outliers({
      clock: this.clock,
      metrics: createOutlierMetrics(new MetricsRegister()),
      service: () => {
        if (!this.exists) return undefined;
        const { detection: settings, instances } = this;
        return { detection: settings, has: (id) => instances.has(id), instances: () => instances.values() };
      },
      onFinding: (keys) => void this.told.push(keys),
    });
  }

  join(id: string, fields: Partial<Instance> = {}): Instance {
    const instance = { ...anInstance("x", id, fields).value, createRevision: 1n, modRevision: 1n } as Instance;
    this.instances.set(id, instance);
    return instance;
  }

  /** Reports calls of one instance. */
  calls(id: string, good: number, bad: number): void {
    const callsByCode = new Map(
      [
        [0, good],
        [14, bad],
      ].filter(([, count]) => (count ?? 0) > 0) as [number, number][],
    );
    this.outliers.observe([{ namespace: "default", service: "x", instanceId: id, callsByCode }]);
  }

  /** Ids that are out now. */
  out(): string[] {
    return [...this.instances.values()].filter((one) => this.outliers.finding(one)).map(({ id }) => id);
  }

  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 250) this.clock.advance(250);
  }
}

describe("failures in a row", () => {
  test("put an instance out at once, and it comes back by itself", () => {
    const lab = new Lab(10);
    lab.calls("i3", 0, 5);
    expect(lab.out()).toEqual(["i3"]);
    expect(lab.outliers.finding(lab.instances.get("i3") as Instance)).toEqual({
      health: "not-serving",
      reason: "ejected for 30 s: 5 failed calls in a row",
    });
    lab.pass(29_000);
    expect(lab.out()).toEqual(["i3"]);
    lab.pass(2_000);
    expect(lab.out()).toEqual([]);
    expect(lab.told).toEqual([[keyOfInstance("x", "i3")], [keyOfInstance("x", "i3")]]);
  });

  test("add up over reports without a success, and any success ends them", () => {
    const lab = new Lab(10);
    lab.calls("i1", 0, 3);
    lab.calls("i1", 1, 3);
    lab.calls("i1", 0, 4);
    expect(lab.out()).toEqual([]);
    lab.calls("i1", 0, 1);
    expect(lab.out()).toEqual(["i1"]);
  });

  test("are off with 0", () => {
    const lab = new Lab(10, { consecutive5xx: 0 });
    lab.calls("i1", 0, 1_000);
    expect(lab.out()).toEqual([]);
  });
});

describe("an ejection", () => {
  test("lasts longer each time, up to a bound, and shorter again after good intervals", () => {
    const lab = new Lab(10, { maxEjectionTimeMs: 70_000 });
    const lasted: number[] = [];
    for (let n = 0; n < 3; n++) {
      lab.calls("i1", 0, 5);
      let ms = 0;
      for (; lab.out().length > 0; ms += 1_000) lab.pass(1_000);
      lasted.push(Math.round(ms / 10_000) * 10);
    }
    expect(lasted).toEqual([30, 60, 70]);
    lab.pass(120_000);
    lab.calls("i1", 0, 5);
    lab.pass(31_000);
    expect(lab.out()).toEqual([]);
  });

  test("is of no more than the share, but of one in any case", () => {
    const lab = new Lab(20);
    for (const id of ["i0", "i1", "i2", "i3"]) lab.calls(id, 0, 9);
    expect(lab.out()).toEqual(["i0", "i1"]);
    const small = new Lab(3);
    small.calls("i0", 0, 9);
    small.calls("i1", 0, 9);
    expect(small.out()).toEqual(["i0"]);
  });

  test("is never of the last one that takes calls", () => {
    const lab = new Lab(1, { maxEjectionPercent: 100 });
    lab.calls("i0", 0, 9);
    expect(lab.out()).toEqual([]);
    lab.join("sick", { health: "not-serving" });
    lab.calls("i0", 0, 9);
    expect(lab.out()).toEqual([]);
    lab.join("well");
    lab.calls("i0", 0, 9);
    expect(lab.out()).toEqual(["i0"]);
  });

  test("marks as DEGRADED where the service says so", () => {
    const lab = new Lab(5, { ejectedHealth: "degraded" });
    lab.calls("i0", 0, 5);
    expect(lab.outliers.finding(lab.instances.get("i0") as Instance)?.health).toBe("degraded");
  });

  test("ends when the service turns detection off", () => {
    const lab = new Lab(5);
    lab.calls("i0", 0, 5);
    lab.detection = { maxEjectionPercent: 0 };
    lab.pass(11_000);
    expect(lab.out()).toEqual([]);
    lab.calls("i0", 0, 50);
    expect(lab.out()).toEqual([]);
  });

  test("goes with the instance, and with the service", () => {
    const lab = new Lab(5);
    lab.calls("i0", 0, 5);
    lab.outliers.forget(keyOfInstance("x", "i0"));
    expect(lab.outliers.ejected).toBe(0);
    lab.calls("i1", 0, 5);
    lab.exists = false;
    lab.pass(11_000);
    expect(lab.outliers.ejected).toBe(0);
  });

  test("found before a restart lasts for its base time from then on", () => {
    const lab = new Lab(5);
    const observed = { health: "not-serving", reason: "ejected for 300 s" } as const;
    const instance = lab.join("i0", { health: "not-serving", voices: { observed } });
    lab.outliers.begin(instance);
    expect(lab.outliers.finding(instance)).toBe(observed);
    lab.pass(31_000);
    expect(lab.outliers.finding(instance)).toBeUndefined();
  });
});

test("comparisons are made every interval, over the calls of that interval", () => {
  const lab = new Lab(6);
  for (const id of lab.instances.keys()) lab.calls(id, id === "i5" ? 70 : 200, id === "i5" ? 30 : 0);
  expect(lab.out()).toEqual([]);
  lab.pass(10_500);
  expect(lab.out()).toEqual(["i5"]);
});

test("reports about unknown instances and without an instance cost nothing and eject nobody", () => {
  const lab = new Lab(5);
  lab.calls("nobody", 0, 100);
  lab.calls("", 0, 100);
  lab.pass(30_000);
  expect(lab.told).toEqual([]);
  expect(lab.clock.pending).toBe(0);
});

test("whatever is reported: never more out than allowed, never the last taker, and all come back", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("calls" as const), id: fc.nat(7), good: fc.nat(200), bad: fc.nat(200) }),
    fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 250, max: 40_000 }) }),
    fc.record({ do: fc.constant("leave" as const), id: fc.nat(7) }),
    fc.record({ do: fc.constant("join" as const), id: fc.nat(7) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.nat(100), (steps, maxEjectionPercent) => {
      const lab = new Lab(8, { maxEjectionPercent, maxEjectionTimeMs: 60_000 });
      for (const one of steps) {
        const before = new Set(lab.out());
        if (one.do === "calls") lab.calls(`i${one.id}`, one.good, one.bad);
        else if (one.do === "pass") lab.pass(one.ms);
        else if (one.do === "join") lab.join(`i${one.id}`);
        else if (lab.instances.delete(`i${one.id}`)) lab.outliers.forget(keyOfInstance("x", `i${one.id}`));
        const out = lab.out();
        expect(lab.outliers.ejected).toBe(out.length);
        if (out.some((id) => !before.has(id))) {
          expect(out.length).toBeLessThan(lab.instances.size);
          expect(out.length).toBeLessThanOrEqual(Math.max(1, (maxEjectionPercent * lab.instances.size) / 100));
        }
      }
      lab.pass(75_000);
      expect(lab.out()).toEqual([]);
    }),
    { numRuns: 200 },
  );
});
