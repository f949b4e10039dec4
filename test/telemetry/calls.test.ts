import { expect, test } from "vitest";
import { DomainError } from "../../src/model/index.js";
import type { CallAnswer, CallGrouping, CallQuery, CallStats, Telemetry } from "../../src/telemetry/index.js";
import { calls, NOW_MS, putService, start } from "./support/start.js";

const ALL: CallQuery = { namespace: "", service: "", consumer: "", instanceId: "", method: "", groupBy: new Set() };

const report = (telemetry: Telemetry, stats: readonly CallStats[], endMs = NOW_MS) =>
  telemetry.reportCalls({ startMs: endMs - 5_000, endMs, stats });

const by = (...groups: CallGrouping[]) => ({ ...ALL, groupBy: new Set(groups) });

const sums = ({ series }: CallAnswer) =>
  Object.fromEntries(
    series.map(({ group, points }) => [[...group.values()].join(" "), points.reduce((n, point) => n + point.calls, 0)]),
  );

test("calls reported by several consumers add up in one point with rate, errors and percentiles", async () => {
  await using plane = await start();
  const latency = { boundsMs: [10, 100], counts: [50, 50, 0], sumMs: 1_000 };
  report(plane.telemetry, [
    calls({
      latency,
      callsByCode: new Map([
        [0, 90],
        [14, 6],
        [5, 4],
      ]),
    }),
    calls({ consumer: "web", callsByCode: new Map([[0, 100]]), latency }),
  ]);
  const { stepMs, series } = await plane.telemetry.queryCalls({ ...ALL, service: "checkout" });
  expect(stepMs).toBe(60_000);
  expect(series).toHaveLength(1);
  expect(series[0]?.points).toEqual([
    expect.objectContaining({ calls: 200, errors: 6, p50Ms: 10, p90Ms: expect.closeTo(82) }),
  ]);
});

test("errors are the codes that are the server's fault, and no others", async () => {
  await using plane = await start();
  report(plane.telemetry, [calls({ callsByCode: new Map(Array.from({ length: 17 }, (_, code) => [code, 10 ** 0])) })]);
  const [series] = (await plane.telemetry.queryCalls(ALL)).series;
  expect(series?.points[0]).toMatchObject({ calls: 17, errors: 6 });
  const grouped = await plane.telemetry.queryCalls(by("code"));
  const faults = grouped.series.filter(({ points }) => points[0]?.errors === 1).map(({ group }) => group.get("code"));
  expect(faults).toEqual(["UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"]);
});

test("calls are told apart by consumer, instance, method and code, alone or together", async () => {
  await using plane = await start();
  report(plane.telemetry, [
    calls({ callsByCode: new Map([[0, 1]]) }),
    calls({ consumer: "web", instanceId: "a2", callsByCode: new Map([[0, 2]]) }),
    calls({ method: "/shop.Checkout/Refund", callsByCode: new Map([[14, 4]]) }),
  ]);
  expect(sums(await plane.telemetry.queryCalls(by("consumer")))).toEqual({ cart: 5, web: 2 });
  expect(sums(await plane.telemetry.queryCalls(by("instance")))).toEqual({ a1: 5, a2: 2 });
  expect(sums(await plane.telemetry.queryCalls(by("method")))).toEqual({
    "/shop.Checkout/Pay": 3,
    "/shop.Checkout/Refund": 4,
  });
  expect(sums(await plane.telemetry.queryCalls(by("code")))).toEqual({ OK: 3, UNAVAILABLE: 4 });
  expect(sums(await plane.telemetry.queryCalls(by("consumer", "code")))).toEqual({
    "cart OK": 1,
    "cart UNAVAILABLE": 4,
    "web OK": 2,
  });
});

test("filters choose by service, consumer, instance, method and namespace", async () => {
  await using plane = await start();
  await putService(plane.store, "checkout", "prod");
  report(plane.telemetry, [
    calls({ callsByCode: new Map([[0, 1]]) }),
    calls({ consumer: "web", callsByCode: new Map([[0, 2]]) }),
    calls({ instanceId: "a2", callsByCode: new Map([[0, 4]]) }),
    calls({ method: "/other", callsByCode: new Map([[0, 8]]) }),
    calls({ namespace: "prod", callsByCode: new Map([[0, 16]]) }),
  ]);
  const count = async (query: Partial<CallQuery>) =>
    sums(await plane.telemetry.queryCalls({ ...ALL, ...query }))[""] ?? 0;
  expect(await count({})).toBe(31);
  expect(await count({ consumer: "web" })).toBe(2);
  expect(await count({ instanceId: "a2" })).toBe(4);
  expect(await count({ method: "/other" })).toBe(8);
  expect(await count({ namespace: "prod" })).toBe(16);
  expect(await count({ service: "nobody" })).toBe(0);
});

test("points follow each other by the step, which is widened to what is kept", async () => {
  await using plane = await start();
  for (let n = 0; n < 6; n++) report(plane.telemetry, [calls()], NOW_MS - n * 10_000);
  const range = { startMs: NOW_MS - 60_000, endMs: NOW_MS };
  const fine = await plane.telemetry.queryCalls({ ...ALL, ...range, stepMs: 1_000 });
  expect(fine.stepMs).toBe(10_000);
  expect(fine.series[0]?.points.map(({ startMs, calls: n }) => [startMs - NOW_MS, n])).toEqual(
    [-60_000, -50_000, -40_000, -30_000, -20_000, -10_000].map((ms) => [ms, 1]),
  );
  expect(fine.series[0]?.points[0]?.callsPerSecond).toBe(0.1);
  const coarse = await plane.telemetry.queryCalls({ ...ALL, ...range, stepMs: 25_000 });
  expect(coarse.stepMs).toBe(30_000);
  expect(coarse.series[0]?.points.map(({ calls: n }) => n)).toEqual([3, 3]);
});

test("a range without an end goes to now, and without a start begins an hour before the end", async () => {
  await using plane = await start();
  report(plane.telemetry, [calls({ callsByCode: new Map([[0, 1]]) })], NOW_MS - 3_500_000);
  report(plane.telemetry, [calls({ callsByCode: new Map([[0, 2]]) })], NOW_MS - 3_700_000);
  expect(sums(await plane.telemetry.queryCalls(ALL))).toEqual({ "": 1 });
  expect(sums(await plane.telemetry.queryCalls({ ...ALL, endMs: NOW_MS - 3_600_000 }))).toEqual({ "": 2 });
});

test("a step that gives too many points is refused and named", async () => {
  await using plane = await start();
  const tooMany = plane.telemetry.queryCalls({ ...ALL, startMs: NOW_MS - 11_001 * 10_000, stepMs: 10_000 });
  const error = await tooMany.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DomainError);
  expect((error as DomainError).fault).toMatchObject({ reason: "FIELDS_INVALID", violations: [{ field: "step" }] });
});

test("an answer with too many points in all is refused before it grows", async () => {
  await using plane = await start({ limits: { maxPoints: 10 } });
  report(
    plane.telemetry,
    Array.from({ length: 11 }, (_, n) => calls({ instanceId: `a${n}` })),
  );
  await expect(plane.telemetry.queryCalls(by("instance"))).rejects.toThrow(DomainError);
  expect(sums(await plane.telemetry.queryCalls(ALL))).toEqual({ "": 11 });
});

test("entries of unknown services, outside the retention or more than 5 minutes ahead are rejected, the rest accepted", async () => {
  await using plane = await start({ limits: { maxAgeMs: 3_600_000 } });
  expect(report(plane.telemetry, [calls(), calls({ service: "nobody" })])).toEqual({ accepted: 1, rejected: 1 });
  expect(report(plane.telemetry, [calls()], NOW_MS - 3_700_000)).toEqual({ accepted: 0, rejected: 1 });
  expect(report(plane.telemetry, [calls()], NOW_MS + 301_000)).toEqual({ accepted: 0, rejected: 1 });
  expect(report(plane.telemetry, [calls()], NOW_MS + 299_000)).toEqual({ accepted: 1, rejected: 0 });
});

test("beyond the bound on series calls are counted without instance and method, and none is lost", async () => {
  await using plane = await start({ limits: { maxSeriesPerWindow: 3 } });
  const stats = Array.from({ length: 10 }, (_, n) => calls({ instanceId: `a${n}` }));
  expect(report(plane.telemetry, stats)).toEqual({ accepted: 10, rejected: 0 });
  expect(sums(await plane.telemetry.queryCalls(by("instance")))).toEqual({ a0: 1, a1: 1, a2: 1, "": 7 });
  expect(sums(await plane.telemetry.queryCalls(ALL))).toEqual({ "": 10 });
  expect(await plane.metric("folded_entries_total")).toBe(7);
});

test("beyond the bound on pairs of consumer and service entries are rejected", async () => {
  await using plane = await start({ limits: { maxSeriesPerWindow: 3 } });
  const stats = Array.from({ length: 5 }, (_, n) => calls({ consumer: `c${n}` }));
  expect(report(plane.telemetry, stats)).toEqual({ accepted: 3, rejected: 2 });
});

test("reports that come after their window left memory still add up", async () => {
  await using plane = await start();
  report(plane.telemetry, [calls()]);
  await plane.telemetry.queryCalls(ALL);
  plane.clock.advance(120_000);
  await plane.telemetry.queryCalls(ALL);
  report(plane.telemetry, [calls()]);
  report(plane.telemetry, [calls()]);
  expect(sums(await plane.telemetry.queryCalls(ALL))).toEqual({ "": 3 });
});

test("counts as large as clients may send do no harm", async () => {
  await using plane = await start();
  report(plane.telemetry, [calls({ callsByCode: new Map([[0, Number.MAX_SAFE_INTEGER]]) }), calls()]);
  const [series] = (await plane.telemetry.queryCalls(ALL)).series;
  expect(series?.points[0]?.calls).toBeGreaterThanOrEqual(Number.MAX_SAFE_INTEGER);
});
