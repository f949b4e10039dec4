import { describe, expect, test } from "vitest";
import type { Instance } from "../../../../src/model/index.js";
import { keyOfInstance } from "../../../support/entities.js";
import { callsOf, OutlierLab } from "../../support/outlier-lab.js";

describe("failures in a row", () => {
  test("put an instance out at once, and it comes back by itself", () => {
    const lab = new OutlierLab(10);
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
    const lab = new OutlierLab(10);
    lab.calls("i1", 0, 3);
    lab.calls("i1", 1, 3);
    lab.calls("i1", 0, 4);
    expect(lab.out()).toEqual([]);
    lab.calls("i1", 0, 1);
    expect(lab.out()).toEqual(["i1"]);
  });

  test("of an instance that is out do not count once it is back", () => {
    const lab = new OutlierLab(10);
    lab.calls("i1", 0, 5);
    lab.calls("i1", 0, 4);
    lab.pass(31_000);
    lab.calls("i1", 0, 1);
    expect(lab.out()).toEqual([]);
  });

  test("are off with 0", () => {
    const lab = new OutlierLab(10, { consecutive5xx: 0 });
    lab.calls("i1", 0, 1_000);
    expect(lab.out()).toEqual([]);
  });
});

describe("an ejection", () => {
  test("lasts longer each time, up to a bound, and shorter again after good intervals", () => {
    const lab = new OutlierLab(10, { maxEjectionTimeMs: 70_000 });
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
    const lab = new OutlierLab(20);
    for (const id of ["i0", "i1", "i2", "i3"]) lab.calls(id, 0, 9);
    expect(lab.out()).toEqual(["i0", "i1"]);
    const small = new OutlierLab(3);
    small.calls("i0", 0, 9);
    small.calls("i1", 0, 9);
    expect(small.out()).toEqual(["i0"]);
  });

  test("is never of the last one that takes calls", () => {
    const lab = new OutlierLab(1, { maxEjectionPercent: 100 });
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
    const lab = new OutlierLab(5, { ejectedHealth: "degraded" });
    lab.calls("i0", 0, 5);
    expect(lab.outliers.finding(lab.instances.get("i0") as Instance)?.health).toBe("degraded");
  });

  test("ends when the service turns detection off", () => {
    const lab = new OutlierLab(5);
    lab.calls("i0", 0, 5);
    lab.detection = { maxEjectionPercent: 0 };
    lab.pass(11_000);
    expect(lab.out()).toEqual([]);
    lab.calls("i0", 0, 50);
    expect(lab.out()).toEqual([]);
  });

  test("goes with the instance, and with the service", () => {
    const lab = new OutlierLab(5);
    lab.calls("i0", 0, 5);
    lab.outliers.forget(keyOfInstance("x", "i0"));
    expect(lab.outliers.ejected).toBe(0);
    lab.calls("i1", 0, 5);
    lab.exists = false;
    lab.pass(11_000);
    expect(lab.outliers.ejected).toBe(0);
  });

  test("found before a restart lasts for its base time from then on", () => {
    const lab = new OutlierLab(5);
    const observed = { health: "not-serving", reason: "ejected for 300 s" } as const;
    const instance = lab.join("i0", { health: "not-serving", voices: { observed } });
    lab.outliers.begin(instance);
    expect(lab.outliers.finding(instance)).toBe(observed);
    lab.pass(31_000);
    expect(lab.outliers.finding(instance)).toBeUndefined();
  });
});

test("comparisons are made every interval, over the calls of that interval", () => {
  const lab = new OutlierLab(6);
  for (const id of lab.instances.keys()) lab.calls(id, id === "i5" ? 70 : 200, id === "i5" ? 30 : 0);
  expect(lab.out()).toEqual([]);
  lab.pass(10_500);
  expect(lab.out()).toEqual(["i5"]);
});

test("reports about unknown instances and without an instance cost nothing and eject nobody", () => {
  const lab = new OutlierLab(5);
  lab.calls("nobody", 0, 100);
  lab.calls("", 0, 100);
  lab.pass(30_000);
  expect(lab.told).toEqual([]);
  expect(lab.clock.pending).toBe(0);
});

test("calls of an interval before do not count", () => {
  const lab = new OutlierLab(6);
  lab.calls("i5", 1, 44);
  lab.calls("i5", 0, 4);
  lab.pass(10_500);
  for (const id of lab.instances.keys()) lab.calls(id, 100, 0);
  lab.pass(10_500);
  expect(lab.told).toEqual([]);
});

test("comparisons go on after a time without reports", () => {
  const lab = new OutlierLab(6);
  lab.calls("i5", 0, 4);
  lab.pass(60_000);
  for (const id of lab.instances.keys()) lab.calls(id, id === "i5" ? 70 : 200, id === "i5" ? 30 : 0);
  lab.pass(10_500);
  expect(lab.out()).toEqual(["i5"]);
});

test("metrics say who is out, which test found them, and how many stayed though they were found", async () => {
  const lab = new OutlierLab(10);
  for (const id of lab.instances.keys()) lab.calls(id, id === "i5" ? 70 : 200, id === "i5" ? 30 : 0);
  lab.pass(10_500);
  lab.calls("i1", 0, 5);
  const values = async (metric: { get(): Promise<{ values: { value: number; labels: object }[] }> }) =>
    (await metric.get()).values.map(({ value, labels }) => ({ value, ...labels }));
  expect(await values(lab.metrics.ejected)).toEqual([{ value: 1 }]);
  expect(await values(lab.metrics.ejections)).toEqual([{ value: 1, test: "success_rate" }]);
  expect(await values(lab.metrics.refused)).toEqual([{ value: 1 }]);
});

test("an instance that is out is no measure for the others", () => {
  const lab = new OutlierLab(20, { maxEjectionPercent: 50 });
  lab.calls("i0", 0, 1_000);
  for (const id of lab.instances.keys())
    if (id !== "i0") lab.calls(id, id === "i1" ? 700 : 1_000, id === "i1" ? 300 : 0);
  expect(lab.out()).toEqual(["i0"]);
  lab.pass(10_500);
  expect(lab.out()).toEqual(["i0", "i1"]);
});

describe("how long an ejection lasts", () => {
  /** For how many seconds an instance is out, time after time, when it fails again `waitMs` after it came back. */
  const lasting = (lab: OutlierLab, times: number, waitMs: number): number[] =>
    Array.from({ length: times }, () => {
      lab.calls("i1", 0, 5);
      const { reason } = lab.outliers.finding(lab.instances.get("i1") as Instance) ?? { reason: "" };
      while (lab.out().length > 0) lab.pass(250);
      lab.pass(waitMs);
      return Number(/ejected for (\d+) s/.exec(reason)?.[1]);
    });

  test.each([0, 2_000, 4_000, 6_000, 8_000])(
    "grows for one that fails again within an interval, begun %i ms ago",
    (ms) => {
      const lab = new OutlierLab(10);
      lab.calls("i0", 5, 0);
      lab.pass(ms);
      expect(lasting(lab, 3, 9_000)).toEqual([30, 60, 90]);
    },
  );

  test("is forgotten as soon after a bad day as after a bad hour", () => {
    const lab = new OutlierLab(10, { maxEjectionTimeMs: 60_000 });
    expect(lasting(lab, 40, 1_000).slice(-1)).toEqual([60]);
    lab.pass(31_000);
    expect(lasting(lab, 1, 0)).toEqual([30]);
  });
});

test("a report about a service that fails as a whole goes through its instances once", () => {
  const lab = new OutlierLab(500);
  lab.outliers.observe([...lab.instances.keys()].map((id) => callsOf(id, 0, 5)));
  expect(lab.out()).toHaveLength(50);
  expect(lab.walks).toBe(1);
});

test("a service that nobody reports about any more costs no time, and a run of failures is remembered", () => {
  const lab = new OutlierLab(5);
  lab.calls("i0", 0, 4);
  lab.pass(30_000);
  expect(lab.clock.pending).toBe(0);
  lab.calls("i0", 0, 1);
  expect(lab.out()).toEqual(["i0"]);
  lab.pass(120_000);
  expect(lab.clock.pending).toBe(0);
});

test("a service that is gone tells of those that were out", () => {
  const lab = new OutlierLab(5);
  lab.calls("i0", 0, 5);
  lab.exists = false;
  lab.pass(11_000);
  expect(lab.told).toEqual([[keyOfInstance("x", "i0")], [keyOfInstance("x", "i0")]]);
});
