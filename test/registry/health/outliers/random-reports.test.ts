import fc from "fast-check";
import { expect, test } from "vitest";
import { type EntityKey, type Finding, type Health, takesCalls } from "../../../../src/model/index.js";
import { keyOfInstance } from "../../../support/entities.js";
import { OutlierLab } from "../../support/outlier-lab.js";

const MAX_EJECTION_MS = 60_000;
const INTERVAL_MS = 10_000;
/** A deadline fires up to two ticks late. */
const LATE_MS = 500;

const id = fc.nat(7).map((n) => `i${n}`);
const health = fc.constantFrom<Health>("serving", "serving", "degraded", "not-serving");
const percent = fc.oneof(fc.nat(100), fc.constantFrom(0, 10, 100));
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("calls" as const), id, good: fc.nat(200), bad: fc.nat(200) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("fail" as const), id }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("pass" as const), ticks: fc.integer({ min: 1, max: 160 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), id }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("join" as const), id, health }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("set" as const), percent }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A lab that holds every promise against what happened at each of the smallest steps. */
class Watched {
  readonly lab: OutlierLab;
  /** Id -> since when it is out, in milliseconds. */
  readonly #since = new Map<string, number>();

  constructor(share: number) {
    this.lab = new OutlierLab(8, { maxEjectionPercent: share, maxEjectionTimeMs: MAX_EJECTION_MS });
  }

  take(one: Step): void {
    const { lab } = this;
    if (one.do === "pass") for (let n = 0; n < one.ticks; n++) this.#check(() => lab.clock.advance(250));
    else if (one.do === "calls") this.#check(() => lab.calls(one.id, one.good, one.bad));
    else if (one.do === "fail") this.#check(() => lab.calls(one.id, 0, 5));
    else if (one.do === "set") lab.detection = { ...lab.detection, maxEjectionPercent: one.percent };
    else if (one.do === "leave") this.#leave(one.id);
    else if (!lab.instances.has(one.id)) lab.join(one.id, { health: one.health });
  }

  #leave(left: string): void {
    if (!this.lab.instances.delete(left)) return;
    this.lab.outliers.forget(keyOfInstance("x", left));
    this.#since.delete(left);
    expect(this.lab.outliers.ejected).toBe(this.lab.out().length);
  }

  #check(happen: () => void): void {
    const before = this.#findings();
    this.lab.told.length = 0;
    happen();
    const after = this.#findings();
    const changed = [...after].filter(([key, finding]) => finding !== before.get(key)).map(([key]) => key);
    expect([...new Set(this.lab.told.flat())].sort()).toEqual(changed.sort());
    this.#checkBounds();
  }

  #findings(): Map<EntityKey, Finding | undefined> {
    const all = [...this.lab.instances.values()];
    return new Map(all.map((one) => [keyOfInstance("x", one.id), this.lab.outliers.finding(one)]));
  }

  #checkBounds(): void {
    const { lab } = this;
    const out = lab.out();
    const nowMs = lab.clock.monotonicMs();
    expect(lab.outliers.ejected).toBe(out.length);
    for (const back of [...this.#since.keys()].filter((one) => !out.includes(one))) this.#since.delete(back);
    const fresh = out.filter((one) => !this.#since.has(one));
    for (const one of fresh) this.#since.set(one, nowMs);
    for (const ms of this.#since.values()) expect(nowMs - ms).toBeLessThanOrEqual(MAX_EJECTION_MS + LATE_MS);
    if (fresh.length === 0) return;
    const share = lab.detection?.maxEjectionPercent ?? 10;
    expect(share).toBeGreaterThan(0);
    expect(out.length).toBeLessThanOrEqual(Math.max(1, (share * lab.instances.size) / 100));
    expect([...lab.instances.values()].some((one) => takesCalls(one.health) && !out.includes(one.id))).toBe(true);
  }
}

test("whatever happens: one taker stays, the share holds, all come back in time, and each change is told", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), percent, (steps, share) => {
      const watched = new Watched(share);
      for (const one of steps) watched.take(one);
      watched.take({ do: "pass", ticks: (MAX_EJECTION_MS + INTERVAL_MS + LATE_MS) / 250 });
      expect(watched.lab.out()).toEqual([]);
    }),
    { numRuns: 120 },
  );
});
