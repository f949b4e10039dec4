import { setImmediate } from "node:timers/promises";
import { pino } from "pino";
import { Registry as MetricsRegister } from "prom-client";
import { describe, expect, test } from "vitest";
import type { EntityKey, HealthCheck, Instance } from "../../../../src/model/index.js";
import { type ProbeAddresses, parseProbeAddresses } from "../../../../src/registry/health/probe/addresses.js";
import { createProbeMetrics } from "../../../../src/registry/health/probe/metrics.js";
import { failed, type Outcome, PASSED, VOID } from "../../../../src/registry/health/probe/outcome.js";
import type { ProbedInstance } from "../../../../src/registry/health/probe/probed-instance.js";
import { Prober } from "../../../../src/registry/health/probe/prober.js";
import { anInstance, keyOfInstance } from "../../../support/entities.js";
import { FakeClock } from "../../../support/fake-clock.js";

const check: HealthCheck = {
  probe: { kind: "tcp" },
  endpointName: "",
  intervalMs: 10_000,
  timeoutMs: 1_000,
  unhealthyThreshold: 3,
  healthyThreshold: 2,
};

/** A prober whose probes a test answers. */
class Lab {
  readonly clock = new FakeClock();
  readonly found: EntityKey[] = [];
  /** Probes under way, in the order in which they began. */
  readonly asked: { readonly instance: ProbedInstance; answer(outcome: Outcome | "barred"): void }[] = [];
  /** When each probe began, from the start. */
  readonly timesMs: number[] = [];
  readonly prober: Prober;
  /** What probes come to at once; undefined leaves them to the test. */
  reply: Outcome | undefined = PASSED;

  constructor({ maxInFlight = 10, random = () => 0.5 }: { maxInFlight?: number; random?: () => number } = {}) {
    const startMs = this.clock.monotonicMs();
    this.prober = new Prober({
      clock: this.clock,
      log: pino({ level: "silent" }),
      metrics: createProbeMetrics(new MetricsRegister()),
      limits: { maxInFlight, maxConnections: 10 },
      addresses: parseProbeAddresses("any") as ProbeAddresses,
      random,
      onFinding: (key) => void this.found.push(key),
      run: (instance) => {
        this.timesMs.push(this.clock.monotonicMs() - startMs);
        if (this.reply) return Promise.resolve(this.reply);
        return new Promise((resolve) => {
          const answer = (outcome: Outcome | "barred") =>
            resolve(outcome === "barred" ? { kind: "barred", reason: "not probed: x" } : outcome);
          instance.giveUp = () => resolve(VOID);
          this.asked.push({ instance, answer });
        });
      },
    });
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      this.clock.advance(100);
      await setImmediate();
    }
  }
}

function probed(id: string, fields: Partial<Instance> = {}): Instance {
  const draft = anInstance("x", id, { healthCheck: check, ...fields }).value;
  return { ...draft, createRevision: 1n, modRevision: 1n } as Instance;
}

describe("a prober", () => {
  test("probes a new instance within a second, and then once an interval", async () => {
    const lab = new Lab();
    lab.prober.follow(probed("a"));
    await lab.pass(41_000);
    expect(lab.timesMs).toHaveLength(5);
    expect(lab.timesMs[0]).toBeLessThanOrEqual(1_000);
    expect((lab.timesMs[4] ?? 0) - (lab.timesMs[0] ?? 0)).toBeCloseTo(40_000, -3);
  });

  test("spreads what a restart brings over the whole interval", async () => {
    let n = 0;
    const lab = new Lab({ random: () => (n++ % 10) / 10, maxInFlight: 100 });
    for (let i = 0; i < 10; i++) lab.prober.begin(probed(`i-${i}`));
    await lab.pass(9_500);
    const buckets = new Set(lab.timesMs.slice(0, 10).map((ms) => Math.round(ms / 1_000)));
    expect(buckets.size).toBeGreaterThanOrEqual(9);
  });

  test("jitters by a tenth of the interval at most, and keeps the rate", async () => {
    let seed = 1;
    const random = () => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const lab = new Lab({ random });
    lab.prober.follow(probed("a"));
    await lab.pass(300_000);
    const gaps = lab.timesMs.slice(1).map((ms, index) => ms - (lab.timesMs[index] ?? 0));
    for (const gap of gaps) {
      expect(gap).toBeGreaterThanOrEqual(8_700);
      expect(gap).toBeLessThanOrEqual(11_300);
    }
    expect(new Set(gaps).size).toBeGreaterThan(3);
    expect(lab.timesMs.length).toBeGreaterThanOrEqual(28);
  });

  test("asks one that never passed every second, ten times, and then at its interval", async () => {
    const lab = new Lab();
    lab.reply = failed("connection refused");
    lab.prober.follow(probed("a"));
    await lab.pass(10_500);
    expect(lab.timesMs).toHaveLength(10);
    await lab.pass(9_000);
    expect(lab.timesMs).toHaveLength(11);
  });

  test("has no more probes under way than allowed, and the others in line, each once", async () => {
    const lab = new Lab({ maxInFlight: 2 });
    lab.reply = undefined;
    for (let i = 0; i < 5; i++) lab.prober.follow(probed(`i-${i}`));
    await lab.pass(25_000);
    expect(lab.asked).toHaveLength(2);
    lab.asked[0]?.answer(PASSED);
    await setImmediate();
    expect(lab.asked).toHaveLength(3);
    expect(new Set(lab.asked.map(({ instance }) => instance)).size).toBe(3);
  });

  test("tells when what it finds changes, and only then", async () => {
    const lab = new Lab();
    const instance = probed("a");
    lab.prober.follow(instance);
    await lab.pass(15_000);
    expect(lab.found).toEqual([]);
    lab.reply = failed("status 503");
    await lab.pass(60_000);
    expect(lab.found).toEqual([keyOfInstance("x", "a")]);
    expect(lab.prober.finding(instance)).toEqual({
      health: "not-serving",
      reason: "probe failed 3 times: status 503",
    });
    lab.reply = PASSED;
    await lab.pass(60_000);
    expect(lab.found).toHaveLength(2);
    expect(lab.prober.finding(instance)).toBeUndefined();
  });

  test("tries a void probe again soon, and counts it for nothing", async () => {
    const lab = new Lab();
    lab.reply = VOID;
    const instance = probed("a");
    lab.prober.follow(instance);
    await lab.pass(2_000);
    expect(lab.timesMs.length).toBeGreaterThan(3);
    expect(lab.prober.finding(instance)).toBeUndefined();
  });

  test("says so of an instance that it may not probe, and believes it", async () => {
    const lab = new Lab();
    lab.reply = undefined;
    const instance = probed("a");
    lab.prober.follow(instance);
    await lab.pass(1_000);
    lab.asked[0]?.answer("barred");
    await setImmediate();
    expect(lab.prober.finding(instance)).toEqual({ health: "serving", reason: "not probed: x" });
    expect(lab.found).toHaveLength(1);
  });

  test("keeps what was found before a restart until it knows better", () => {
    const lab = new Lab();
    const stored = { health: "not-serving", reason: "probe failed" } as const;
    const instance = probed("a", { voices: { probed: stored } });
    lab.prober.begin(instance);
    expect(lab.prober.finding(instance)).toBe(stored);
  });

  test("goes on undisturbed when another field of the instance changes", async () => {
    const lab = new Lab();
    lab.reply = failed("x");
    lab.prober.follow(probed("a"));
    await lab.pass(2_000);
    const count = lab.timesMs.length;
    lab.prober.follow(probed("a", { version: "2", healthCheck: { ...check } }));
    expect(lab.prober.finding(probed("a"))?.health).toBe("not-serving");
    expect(lab.timesMs).toHaveLength(count);
  });

  test("drops a result that comes after the check changed, or after the instance left", async () => {
    const lab = new Lab();
    lab.reply = undefined;
    lab.prober.follow(probed("a"));
    lab.prober.follow(probed("b"));
    await lab.pass(1_000);
    lab.prober.follow(probed("a", { healthCheck: { ...check, timeoutMs: 500 } }));
    lab.prober.forget(keyOfInstance("x", "b"));
    for (const { answer } of lab.asked) answer(failed("x"));
    await setImmediate();
    expect(lab.found).toEqual([]);
    expect(lab.prober.size).toBe(1);
  });

  test("forgets one that has no health check any more, and says nothing of it", async () => {
    const lab = new Lab();
    lab.reply = failed("x");
    lab.prober.follow(probed("a"));
    await lab.pass(2_000);
    const { healthCheck: _, ...plain } = probed("a");
    lab.prober.follow(plain);
    expect(lab.prober.size).toBe(0);
    expect(lab.prober.finding(plain)).toBeUndefined();
  });

  test("stops with probes under way", async () => {
    const lab = new Lab();
    lab.reply = undefined;
    lab.prober.follow(probed("a"));
    await lab.pass(1_000);
    await lab.prober.stop();
    expect(lab.prober.size).toBe(0);
  });
});
