import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { Severity } from "../../gen/portolan/telemetry/v1/telemetry_pb.js";
import { caught, fieldsOf, reasonOf } from "../support/caught.js";
import { type Plane, startPlane } from "../support/plane.js";

const instance = (id: string, fields: object = {}) => ({
  service: "checkout",
  id,
  endpoints: [{ host: "10.0.0.5", port: 8080 }],
  ...fields,
});

async function* messages<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}

const now = () => {
  const ms = Date.now();
  return { seconds: BigInt(Math.floor(ms / 1_000)), nanos: (ms % 1_000) * 1_000_000 };
};

const write = (plane: Plane, ...records: object[]) =>
  plane.telemetry.writeLogs(messages({ records: records.map((record) => ({ service: "checkout", ...record })) }));

test("calls reported over gRPC are in the next query and in the status", async () => {
  await using plane = await startPlane();
  await plane.registry.register({ instance: instance("a1") });
  const latency = { boundsMs: [10, 100], counts: [50n, 50n, 0n], sumMs: 4_000 };
  const stats = { service: "checkout", consumer: "cart", callsByCode: { 0: 90n, 14: 10n }, latency };
  const unknown = { service: "nobody", callsByCode: { 0: 1n } };
  const report = { start: now(), end: now(), stats: [stats, unknown] };
  expect(await plane.telemetry.reportCalls(messages(report, report))).toMatchObject({ accepted: 2n, rejected: 2n });
  const { series, step } = await plane.telemetry.queryCalls({ service: "checkout", step: { seconds: 1n } });
  expect(step).toMatchObject({ seconds: 10n });
  expect(series).toMatchObject([{ group: {} }]);
  const calls = series.flatMap(({ points }) => points).reduce((sum, point) => sum + point.calls, 0n);
  expect(calls).toBe(200n);
  expect(series[0]?.points[0]).toMatchObject({ p50Ms: 10, p90Ms: expect.closeTo(82) });
  const { status } = await plane.telemetry.getServiceStatus({ service: "checkout" });
  expect(status).toMatchObject({
    namespace: "default",
    service: "checkout",
    available: true,
    revision: 1n,
    instancesByHealth: { SERVING: 1 },
    calls: { calls: 200n, errors: 20n },
  });
  const topology = await plane.telemetry.getTopology({});
  expect(topology.nodes).toMatchObject([{ service: { name: "checkout", instanceCount: 1, servingCount: 1 } }]);
  expect(topology.edges).toMatchObject([{ consumer: "cart", service: "checkout", observed: true, declared: false }]);
});

test("logs written over gRPC are queried page by page, with a token that only this query takes", async () => {
  await using plane = await startPlane();
  await plane.registry.register({ instance: instance("a1") });
  expect(
    await write(plane, { body: "one" }, { body: "two", severity: Severity.ERROR }, { service: "nobody" }),
  ).toMatchObject({
    accepted: 2n,
    rejected: 1n,
  });
  await write(plane, { body: "three", attributes: { order: "7" } });
  const first = await plane.telemetry.queryLogs({ pageSize: 2 });
  expect(first.records).toMatchObject([{ body: "three", attributes: { order: "7" } }, { body: "two" }]);
  const second = await plane.telemetry.queryLogs({ pageSize: 2, pageToken: first.nextPageToken });
  expect(second).toMatchObject({ records: [{ body: "one" }], nextPageToken: "" });
  const foreign = { query: { service: "checkout" }, pageToken: first.nextPageToken };
  expect(reasonOf(await caught(plane.telemetry.queryLogs(foreign)))).toBe("PAGE_TOKEN_INVALID");
  const found = await plane.telemetry.queryLogs({ query: { filter: "log.attributes.order == '7'" } });
  expect(found.records).toMatchObject([{ body: "three" }]);
  const bad = await caught(plane.telemetry.queryLogs({ query: { filter: "log.nothing ==" } }));
  expect([bad.code, fieldsOf(bad)]).toEqual([Code.InvalidArgument, ["query.filter"]]);
});

test("a tail of logs over gRPC tells the backlog and what follows", async () => {
  await using plane = await startPlane();
  await plane.registry.register({ instance: instance("a1") });
  await write(plane, { body: "before" });
  const stop = new AbortController();
  const tail = plane.telemetry.tailLogs({ backlog: 10 }, { signal: stop.signal })[Symbol.asyncIterator]();
  expect((await tail.next()).value).toMatchObject({ records: [{ body: "before" }], missed: 0n });
  await write(plane, { body: "after" });
  expect((await tail.next()).value).toMatchObject({ records: [{ body: "after" }] });
  stop.abort();
  await caught(Promise.resolve(tail.next()));
});

test("events tell registrations, sessions and expiries in order, queried and tailed", async () => {
  await using plane = await startPlane();
  await plane.registry.register({ instance: instance("a1") });
  const stop = new AbortController();
  const tail = plane.telemetry.tailEvents({ afterRevision: 1n }, { signal: stop.signal })[Symbol.asyncIterator]();
  await plane.registry.deregister({ instance: { service: "checkout", id: "a1" } });
  expect((await tail.next()).value).toMatchObject({
    events: [{ revision: 2n, type: "instance.deregistered", service: "checkout", instanceId: "a1" }],
  });
  stop.abort();
  await caught(Promise.resolve(tail.next()));
  const page = await plane.telemetry.queryEvents({ query: { type: "instance." }, pageSize: 1 });
  expect(page.events).toMatchObject([{ type: "instance.deregistered" }]);
  const next = { query: { type: "instance." }, pageSize: 1, pageToken: page.nextPageToken };
  expect((await plane.telemetry.queryEvents(next)).events).toMatchObject([
    { type: "instance.registered", message: "checkout/a1 registered at 10.0.0.5:8080 by anonymous" },
  ]);
  const early = await caught(plane.telemetry.tailEvents({ afterRevision: 99n }));
  expect([early.code, reasonOf(early)]).toEqual([Code.OutOfRange, "REVISION_OUT_OF_RANGE"]);
});

test("a watch of statuses over gRPC tells every service, then what changed", async () => {
  await using plane = await startPlane();
  await plane.registry.register({ instance: instance("a1") });
  const stop = new AbortController();
  const watch = plane.telemetry.watchServiceStatus({ service: "*" }, { signal: stop.signal })[Symbol.asyncIterator]();
  expect((await watch.next()).value).toMatchObject({ statuses: [{ service: "checkout", available: true }] });
  await plane.registry.deregister({ instance: { service: "checkout", id: "a1" } });
  expect((await watch.next()).value).toMatchObject({ statuses: [{ available: false, instancesByHealth: {} }] });
  stop.abort();
  await caught(Promise.resolve(watch.next()));
});

test("the status of an unknown service is NOT_FOUND, to read and to watch", async () => {
  await using plane = await startPlane();
  expect((await caught(plane.telemetry.getServiceStatus({ service: "nobody" }))).code).toBe(Code.NotFound);
  expect((await caught(plane.telemetry.watchServiceStatus({ service: "nobody" }))).code).toBe(Code.NotFound);
});

test("a bad message ends the stream of reports with every fault named, and what came before it counts", async () => {
  await using plane = await startPlane();
  await plane.registry.register({ instance: instance("a1") });
  const good = { start: now(), end: now(), stats: [{ service: "checkout", callsByCode: { 0: 1n } }] };
  const latency = { boundsMs: [10, 5], counts: [1n] };
  const bad = { start: now(), end: now(), stats: [{ service: "Bad", callsByCode: { 0: 1n }, latency }] };
  const error = await caught(plane.telemetry.reportCalls(messages<object>(good, bad)));
  expect(error.code).toBe(Code.InvalidArgument);
  expect(fieldsOf(error)).toEqual(["stats[0].service", "stats[0].latency.bounds_ms[1]", "stats[0].latency.counts"]);
  const { series } = await plane.telemetry.queryCalls({ service: "checkout" });
  expect(series[0]?.points[0]?.calls).toBe(1n);
});

test("a step that gives too many points is an invalid argument", async () => {
  await using plane = await startPlane();
  const start = { seconds: now().seconds - 200_000n, nanos: 0 };
  const error = await caught(plane.telemetry.queryCalls({ start, step: { seconds: 1n } }));
  expect([error.code, fieldsOf(error)]).toEqual([Code.InvalidArgument, ["step"]]);
});

test("a range as wide as timestamps go is answered", async () => {
  await using plane = await startPlane();
  const start = { seconds: -62_135_596_800n, nanos: 0 };
  const end = { seconds: 253_402_300_799n, nanos: 999_999_999 };
  expect((await plane.telemetry.queryLogs({ start, end })).records).toEqual([]);
  expect((await plane.telemetry.queryEvents({ start, end })).events).toEqual([]);
});
