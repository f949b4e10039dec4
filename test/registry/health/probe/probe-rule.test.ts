import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { failed, type Outcome, PASSED, VOID } from "../../../../src/registry/health/probe/outcome.js";
import { afterProbe, type ProbeState, stateOf, UNKNOWN } from "../../../../src/registry/health/probe/probe-rule.js";

const check = { unhealthyThreshold: 3, healthyThreshold: 2 };
const FAILED = failed("connection refused");

function came(outcomes: string, from: ProbeState = UNKNOWN): ProbeState {
  const read: Record<string, Outcome> = { "+": PASSED, "-": FAILED, o: VOID };
  return [...outcomes].reduce((state, sign) => afterProbe(state, read[sign] ?? VOID, check), from);
}

describe("a probed instance", () => {
  test.each([
    ["", "unknown"],
    ["o", "unknown"],
    ["+", "passing"],
    ["-", "failing"],
    ["-+", "passing"],
    ["--+", "passing"],
    ["+--", "passing"],
    ["+--+--", "passing"],
    ["+---", "failing"],
    ["+-o-o-", "failing"],
    ["+---+", "failing"],
    ["+---+-+", "failing"],
    ["+---++", "passing"],
    ["+---o+o+", "passing"],
  ])("after %s is %s", (outcomes, verdict) => {
    expect(came(outcomes).verdict).toBe(verdict);
  });

  test("is told why it does not serve, and how often it failed", () => {
    expect(came("-").finding).toEqual({ health: "not-serving", reason: "probe failed: connection refused" });
    expect(came("+---").finding?.reason).toBe("probe failed 3 times: connection refused");
    expect(came("+---++").finding).toBeUndefined();
  });

  test("that fails in another way makes no news", () => {
    const failing = came("+---");
    expect(afterProbe(failing, failed("status 503"), check).finding).toBe(failing.finding);
  });

  test("condemned before a restart needs as many successes as one that had passed", () => {
    const stored = { health: "not-serving", reason: "probe failed" } as const;
    expect(came("+", stateOf(stored)).verdict).toBe("failing");
    expect(came("++", stateOf(stored)).verdict).toBe("passing");
    expect(stateOf({ health: "serving", reason: "not probed" })).toBe(UNKNOWN);
  });

  test("with thresholds of 0 is judged by the defaults", () => {
    const zero = { unhealthyThreshold: 0, healthyThreshold: 0 };
    const state = [PASSED, FAILED, FAILED].reduce((now, outcome) => afterProbe(now, outcome, zero), UNKNOWN);
    expect(state.verdict).toBe("passing");
    expect(afterProbe(state, FAILED, zero).verdict).toBe("failing");
  });
});

test("a verdict changes only after a run of outcomes against it, and the first outcome decides", () => {
  const outcome = fc.constantFrom<Outcome>(PASSED, FAILED, VOID);
  fc.assert(
    fc.property(fc.array(outcome), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), (all, bad, good) => {
      let state = UNKNOWN;
      let run = 0;
      let passed = false;
      for (const one of all) {
        const before = state;
        state = afterProbe(state, one, { unhealthyThreshold: bad, healthyThreshold: good });
        if (one.kind === "void") continue;
        const against = before.verdict === "passing" ? one.kind !== "passed" : one.kind === "passed";
        run = against ? run + 1 : 0;
        const needed = before.verdict === "unknown" ? 1 : before.verdict === "passing" ? bad : passed ? good : 1;
        const flips = before.verdict === "unknown" || (against && run >= needed);
        expect(state.verdict).toBe(flips ? (one.kind === "passed" ? "passing" : "failing") : before.verdict);
        if (state.verdict !== before.verdict) run = 0;
        passed ||= one.kind === "passed";
      }
    }),
  );
});
