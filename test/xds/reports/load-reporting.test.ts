import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type LoadStatsRequest, LoadStatsRequestSchema } from "../../../gen/xds/envoy/service/load_stats/v3/lrs_pb.js";
import type { LoadReport } from "../../../src/xds/reports/load-report.js";
import { loadOrders } from "../../../src/xds/reports/load-reporting.js";
import { FakeClock } from "../../support/fake-clock.js";
import { Channel } from "../support/channel.js";
import { envoyNode, grpcNode } from "../support/nodes.js";

function open() {
  const requests = new Channel<LoadStatsRequest>();
  const reports: LoadReport[] = [];
  let clusters = ["a.default"];
  const orders = loadOrders(requests, {
    clock: new FakeClock(),
    intervalMs: 10_000,
    whereabouts: () => new Map(),
    clustersOf: () => clusters,
    onReport: (report) => reports.push(report),
  });
  return {
    requests,
    reports,
    orders,
    setClusters(names: string[]) {
      clusters = names;
    },
  };
}

const report = create(LoadStatsRequestSchema, {
  clusterStats: [{ clusterName: "a.default", upstreamLocalityStats: [{ totalSuccessfulRequests: 1n }] }],
});

test("who can report on whatever it calls is asked to, once", async () => {
  const { requests, orders, reports } = open();
  const node = { ...grpcNode(), clientFeatures: ["envoy.lrs.supports_send_all_clusters"] };
  requests.push(create(LoadStatsRequestSchema, { node }));
  expect(await orders.next()).toMatchObject({ value: { clusters: [], allClusters: true, intervalMs: 10_000 } });
  requests.push(report);
  requests.end();
  expect(await orders.next()).toMatchObject({ done: true });
  expect(reports).toHaveLength(1);
});

test("who must be asked by name is asked again when there are others", async () => {
  const { requests, orders, setClusters } = open();
  requests.push(create(LoadStatsRequestSchema, { node: envoyNode() }));
  expect(await orders.next()).toMatchObject({ value: { clusters: ["a.default"], allClusters: false } });
  requests.push(report);
  setClusters(["a.default", "b.default"]);
  requests.push(report);
  expect(await orders.next()).toMatchObject({ value: { clusters: ["a.default", "b.default"] } });
});

test("wishes that cannot be read end the stream", async () => {
  const { requests, orders } = open();
  requests.push(create(LoadStatsRequestSchema, { node: envoyNode({ listen: "?" }) }));
  await expect(orders.next()).rejects.toThrow("FIELDS_INVALID");
});
