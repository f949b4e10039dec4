import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Discovered } from "../../../src/discovery/index.js";
import { effectiveWeight, type Instance, type InstanceDraft, localityPriority } from "../../../src/model/index.js";
import { groupsOf, type LbGroup, type Selection } from "../../../src/xds/resources/localities.js";
import { anInstance } from "../../support/entities.js";

const HERE = { region: "eu", zone: "a", subZone: "" };
const NEXT_DOOR = { region: "eu", zone: "b", subZone: "" };
const FAR = { region: "us", zone: "a", subZone: "" };

interface Sketch extends Partial<Pick<Instance, "health" | "weight" | "locality" | "voices" | "slowStartPercent">> {
  readonly at: string;
}

/** An instance as somebody HERE discovers it. */
function discovered({ at, ...fields }: Sketch, index: number): Discovered {
  const endpoints = [{ name: "grpc", host: at, port: 80, protocol: "grpc" as const, tls: false }];
  const draft = anInstance("s", `i${index}`, { endpoints, ...fields }).value as InstanceDraft;
  const instance: Instance = { ...draft, createRevision: 1n, modRevision: 1n };
  return { instance, priority: localityPriority(HERE, instance.locality), effectiveWeight: effectiveWeight(instance) };
}

function groups(sketches: readonly Sketch[], rest: Partial<Selection> = {}): LbGroup[] {
  return groupsOf({ instances: sketches.map(discovered), panic: false, usable: () => true, ...rest });
}

/** "0 eu/a/ 100: 10.0.0.1 10.0.0.2(draining)": a group in short. */
function short({ priority, locality, weight, targets }: LbGroup): string {
  const { region, zone, subZone } = locality;
  const all = targets.map(({ host, draining }) => `${host}${draining ? "(draining)" : ""}`);
  return `${priority} ${region}/${zone}/${subZone} ${weight}: ${all.join(" ")}`;
}

const condemned = { probed: { health: "not-serving", reason: "" } } as const;

describe("who goes out", () => {
  test.each<[string, Sketch[], string[]]>([
    ["serving and degraded alike", [{ at: "1" }, { at: "2", health: "degraded" }], ["0 // 200: 1 2"]],
    [
      "nobody who starts or is out",
      [
        { at: "1", health: "starting" },
        { at: "2", health: "not-serving" },
      ],
      [],
    ],
    ["draining, as draining", [{ at: "1" }, { at: "2", health: "draining" }], ["0 // 100: 1 2(draining)"]],
    ["draining alone, when all drain", [{ at: "2", health: "draining" }], ["0 // 1: 2(draining)"]],
    ["nobody of weight 0", [{ at: "1" }, { at: "2", weight: 0 }], ["0 // 100: 1"]],
    ["one of two at the same address", [{ at: "1" }, { at: "1" }], ["0 // 100: 1"]],
    ["the better of two at the same address", [{ at: "1", health: "draining" }, { at: "1" }], ["0 // 100: 1"]],
    ["nobody", [], []],
  ])("%s", (_, sketches, expected) => {
    expect(groups(sketches).map(short)).toEqual(expected);
  });

  test("in panic also those that only probes condemned", () => {
    const sketches = [{ at: "1" }, { at: "2", health: "not-serving", voices: condemned } as const];
    expect(groups(sketches).map(short)).toEqual(["0 // 100: 1"]);
    expect(groups(sketches, { panic: true }).map(short)).toEqual(["0 // 200: 1 2"]);
  });

  test("only those that the client can use", () => {
    const usable = ({ host }: { host: string }) => host !== "2";
    expect(groups([{ at: "1" }, { at: "2" }], { usable }).map(short)).toEqual(["0 // 100: 1"]);
  });
});

describe("where", () => {
  test.each<[string, Sketch[], string[]]>([
    [
      "the nearest first",
      [
        { at: "1", locality: FAR },
        { at: "2", locality: HERE },
        { at: "3", locality: NEXT_DOOR },
      ],
      ["0 eu/a/ 100: 2", "1 eu/b/ 100: 3", "2 us/a/ 100: 1"],
    ],
    [
      "without gaps where nobody is near",
      [
        { at: "1", locality: FAR },
        { at: "3", locality: NEXT_DOOR },
      ],
      ["0 eu/b/ 100: 3", "1 us/a/ 100: 1"],
    ],
    [
      "not in a place of its own where all drain, so that others are called",
      [
        { at: "1", locality: FAR },
        { at: "2", locality: HERE, health: "draining" },
      ],
      ["0 us/a/ 100: 1"],
    ],
    [
      "in a place that tells the weight, when that is not the usual one",
      [{ at: "1" }, { at: "2", weight: 300 }, { at: "3", weight: 300 }],
      ["0 // 100: 1", "0 //~weight-300 600: 2 3"],
    ],
    [
      "draining beside others of the place, of whatever weight",
      [
        { at: "1", weight: 300 },
        { at: "2", health: "draining" },
      ],
      ["0 //~weight-300 300: 1 2(draining)"],
    ],
    [
      "with the share that slow start has reached",
      [{ at: "1" }, { at: "2", slowStartPercent: 10 }],
      ["0 // 100: 1", "0 //~weight-10 10: 2"],
    ],
  ])("%s", (_, sketches, expected) => {
    expect(groups(sketches).map(short)).toEqual(expected);
  });
});

const sketch = fc.record({
  at: fc.constantFrom("1", "2", "3", "4", "5"),
  health: fc.constantFrom("serving", "degraded", "starting", "draining", "not-serving"),
  weight: fc.option(fc.integer({ min: 0, max: 10_000 }), { nil: undefined }),
  locality: fc.option(fc.constantFrom(HERE, NEXT_DOOR, FAR), { nil: undefined }),
  voices: fc.option(fc.constant(condemned), { nil: undefined }),
});

test("whoever registers, clients take what goes out", () => {
  fc.assert(
    fc.property(fc.array(sketch, { maxLength: 12 }), fc.boolean(), (sketches, panic) => {
      const all = groups(sketches as Sketch[], { panic });
      const addresses = all.flatMap(({ targets }) => targets.map(({ host }) => host));
      expect(new Set(addresses).size, "an address twice").toBe(addresses.length);
      const priorities = [...new Set(all.map(({ priority }) => priority))].sort();
      expect(priorities, "a gap between priorities").toEqual(priorities.map((_, index) => index));
      const places = all.map(({ priority, locality }) => JSON.stringify([priority, locality]));
      expect(new Set(places).size, "a place twice in a priority").toBe(places.length);
      for (const { weight, targets } of all) {
        expect(weight).toBeGreaterThan(0);
        for (const target of targets) expect(target.weight).toBeGreaterThan(0);
      }
      const serving = all.flatMap(({ targets }) => targets).filter(({ draining }) => !draining);
      if (serving.length > 0) expect(all.every(({ targets }) => targets.some(({ draining }) => !draining))).toBe(true);
    }),
  );
});

test("weights fit what the wire allows, however many they are", () => {
  const many = Array.from({ length: 450_000 }, (_, n) => ({ at: String(n), weight: n % 2 === 0 ? 10_000 : 9_999 }));
  const sum = groups(many).reduce((total, { weight }) => total + weight, 0);
  expect(sum).toBeLessThanOrEqual(2 ** 32 - 1);
  expect(sum).toBeGreaterThan(4_000_000_000);
});
