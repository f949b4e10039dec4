import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Finding, type Health, isWorse, takesCalls, type Voices, worstHealth } from "../../../src/model/index.js";
import { combine } from "../../../src/registry/health/combine.js";

const says = (health: Health, reason: string): Finding => ({ health, reason });
const orders = (health: Health) => ({ ...says(health, "maintenance"), actor: "alice" });
const held = { ...says("not-serving", "held"), untilMs: 1, times: 1 };
const probed = says("not-serving", "probe failed");
const observed = says("degraded", "ejected");

describe("what consumers are told", () => {
  const table: [reported: Health, drainMs: number | undefined, voices: Voices, health: Health, reason: string][] = [
    ["serving", undefined, {}, "serving", ""],
    ["starting", undefined, {}, "starting", ""],
    ["serving", undefined, { probed }, "not-serving", "probe failed"],
    ["serving", undefined, { observed }, "degraded", "ejected"],
    ["serving", undefined, { probed, observed }, "not-serving", "probe failed"],
    ["not-serving", undefined, { probed }, "not-serving", "probe failed"],
    ["degraded", undefined, { observed }, "degraded", "ejected"],
    ["serving", 5_000, {}, "draining", "drains for 5 s, then leaves"],
    ["serving", 5_000, { probed }, "not-serving", "probe failed"],
    ["not-serving", 5_000, {}, "not-serving", ""],
    ["serving", undefined, { ordered: orders("draining") }, "draining", "maintenance"],
    ["serving", undefined, { ordered: orders("not-serving") }, "not-serving", "maintenance"],
    ["serving", undefined, { ordered: orders("draining"), probed }, "not-serving", "probe failed"],
    ["serving", undefined, { ordered: orders("not-serving"), probed }, "not-serving", "maintenance"],
    ["serving", undefined, { ordered: orders("serving"), probed, observed }, "serving", "maintenance"],
    ["not-serving", undefined, { ordered: orders("serving"), probed }, "not-serving", ""],
    ["degraded", undefined, { ordered: orders("serving"), probed }, "degraded", ""],
    ["serving", 5_000, { ordered: orders("serving"), probed }, "draining", "drains for 5 s, then leaves"],
    ["serving", undefined, { held }, "not-serving", "held"],
    ["serving", undefined, { ordered: orders("serving"), held }, "not-serving", "held"],
    ["serving", undefined, { probed: says("serving", "not probed") }, "serving", "not probed"],
  ];
  test.each(table)(
    "reports %s, drains %s, others say %j: %s, %s",
    (reportedHealth, drainMs, voices, health, reason) => {
      expect(combine({ reportedHealth, drainMs, voices })).toMatchObject({ health, reason });
    },
  );
});

const health = fc.constantFrom<Health>("serving", "degraded", "starting", "draining", "not-serving");
const finding = fc.option(fc.record({ health, reason: fc.string() }), { nil: undefined });

test("is never better than what the instance says of itself, nor than an order to take no calls", () => {
  fc.assert(
    fc.property(health, finding, finding, finding, (reportedHealth, one, two, three) => {
      const voices = {
        ...(one && { probed: one }),
        ...(two && { observed: two }),
        ...(three && { ordered: { ...three, actor: "alice" } }),
      };
      const told = combine({ reportedHealth, voices }).health;
      expect(isWorse(reportedHealth, told)).toBe(false);
      if (three) expect(isWorse(three.health, told)).toBe(false);
    }),
  );
});

test("is the worst of all voices unless an order to serve silences probes and callers", () => {
  fc.assert(
    fc.property(health, health, health, health, (reportedHealth, probe, callers, order) => {
      const voices = { probed: says(probe, "p"), observed: says(callers, "c"), ordered: orders(order) };
      const speaking = takesCalls(order) ? [reportedHealth, order] : [reportedHealth, order, probe, callers];
      expect(combine({ reportedHealth, voices }).health).toBe(worstHealth(...speaking));
    }),
  );
});
