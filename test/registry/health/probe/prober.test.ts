import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { failed, lacking, PASSED, VOID } from "../../../../src/registry/health/probe/outcome.js";
import { keyOfInstance } from "../../../support/entities.js";
import { BARRED, check, Lab, probed } from "./prober-lab.js";

const endpoint = { name: "default", host: "10.0.0.1", port: 1, protocol: "grpc", tls: false } as const;

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

  test("tries a void probe again soon, and counts it for nothing", async () => {
    const lab = new Lab();
    lab.reply = VOID;
    const instance = probed("a");
    lab.prober.follow(instance);
    await lab.pass(2_000);
    expect(lab.timesMs.length).toBeGreaterThan(3);
    expect(lab.prober.finding(instance)).toBeUndefined();
  });

  test("stops with probes under way", async () => {
    const lab = new Lab();
    lab.reply = undefined;
    lab.prober.follow(probed("a"));
    await lab.pass(1_000);
    await lab.prober.stop();
    expect(lab.prober.size).toBe(0);
  });

  test("asks one that it may not probe at its interval, however long it was never seen well", async () => {
    const lab = new Lab();
    lab.reply = BARRED;
    lab.prober.follow(probed("a"));
    await lab.pass(60_000);
    expect(lab.timesMs).toHaveLength(6);
  });

  test("asks again at the interval when it lacks what a probe takes, and says so in the log once a minute", async () => {
    const lab = new Lab();
    lab.reply = lacking("no file descriptors left");
    for (let i = 0; i < 5; i++) lab.prober.follow(probed(`i-${i}`));
    await lab.pass(55_000);
    expect(lab.timesMs).toHaveLength(30);
    expect(lab.logged).toHaveLength(1);
    expect(lab.logged[0]).toContain("no file descriptors left");
    await lab.pass(10_000);
    expect(lab.logged).toHaveLength(2);
  });

  test("probes an instance never twice at once, nor more than allowed, whatever comes between", async () => {
    const step = fc.record({
      what: fc.constantFrom("follow", "change", "forget", "answer", "wait"),
      port: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const lab = new Lab({ maxInFlight: 2 });
        lab.reply = undefined;
        for (const [index, { what, port }] of steps.entries()) {
          const endpoints = [{ ...endpoint, port }];
          const timeoutMs = what === "change" ? 100 + index : 1_000;
          if (what === "forget") lab.prober.forget(keyOfInstance("x", `${port}`));
          else if (what === "answer") lab.asked.at(-port)?.answer(PASSED);
          else if (what === "wait") await lab.pass(1_000 * port);
          else lab.prober.follow(probed(`${port}`, { endpoints, healthCheck: { ...check, timeoutMs } }));
        }
        expect(lab.most.ofAll).toBeLessThanOrEqual(2);
        expect(lab.most.ofOne).toBeLessThanOrEqual(1);
        await lab.prober.stop();
      }),
      { numRuns: 50 },
    );
  });
});
