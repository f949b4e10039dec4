import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { failed, lacking, PASSED } from "../../../../src/registry/health/probe/outcome.js";
import { keyOfInstance } from "../../../support/entities.js";
import { BARRED, check, Lab, probed } from "./prober-lab.js";

const condemned = { health: "not-serving", reason: "probe failed: x" } as const;
const notProbed = { health: "serving", reason: BARRED.reason } as const;

describe("a prober", () => {
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

  test("says so of an instance that it may not probe, and believes it", async () => {
    const lab = new Lab();
    lab.reply = undefined;
    const instance = probed("a");
    lab.prober.follow(instance);
    await lab.pass(1_000);
    lab.asked[0]?.answer(BARRED);
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

  test("tells when one that could not be probed before a restart can be, and passes", async () => {
    const lab = new Lab();
    const instance = probed("a", { voices: { probed: notProbed } });
    lab.prober.begin(instance);
    expect(lab.prober.finding(instance)).toEqual(notProbed);
    await lab.pass(10_000);
    expect(lab.prober.finding(instance)).toBeUndefined();
    expect(lab.found).toEqual([keyOfInstance("x", "a")]);
  });

  test("tells nothing when one still cannot be probed after a restart", async () => {
    const lab = new Lab();
    lab.reply = BARRED;
    lab.prober.begin(probed("a", { voices: { probed: notProbed } }));
    await lab.pass(30_000);
    expect(lab.found).toEqual([]);
  });

  test("tells when what is written of an instance is not what it found: an update dropped it", async () => {
    const lab = new Lab();
    lab.reply = failed("x");
    lab.prober.follow(probed("a"));
    await lab.pass(1_000);
    lab.prober.follow(probed("a", { voices: { probed: condemned } }));
    expect(lab.found).toHaveLength(1);
    const [first] = probed("a").endpoints;
    const second = { name: "admin", host: "10.0.0.1", port: 9, protocol: "http", tls: false } as const;
    lab.prober.follow(probed("a", { endpoints: first ? [first, second] : [] }));
    expect(lab.found).toHaveLength(2);
  });

  test("says of an instance at another place only what is written of it, until it was probed there", async () => {
    const lab = new Lab();
    lab.reply = failed("x");
    lab.prober.follow(probed("a"));
    await lab.pass(1_000);
    const moved = { endpoints: probed("a").endpoints.map((endpoint) => ({ ...endpoint, port: 1 })) };
    expect(lab.prober.finding(probed("a"))).toEqual(condemned);
    expect(lab.prober.finding(probed("a", moved))).toBeUndefined();
    expect(lab.prober.finding(probed("a", { ...moved, voices: { probed: condemned } }))).toEqual(condemned);
  });

  test("condemns nobody because of what it lacks itself, and forgives nobody either", async () => {
    const lab = new Lab();
    lab.prober.follow(probed("well"));
    await lab.pass(1_000);
    lab.reply = failed("x");
    lab.prober.follow(probed("sick"));
    await lab.pass(1_000);
    lab.reply = lacking("no file descriptors left");
    await lab.pass(100_000);
    expect(lab.prober.finding(probed("well"))).toBeUndefined();
    expect(lab.prober.finding(probed("sick"))).toEqual(condemned);
    expect(lab.found).toEqual([keyOfInstance("x", "sick")]);
  });
});
