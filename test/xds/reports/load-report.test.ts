import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ClusterStatsSchema } from "../../../gen/xds/envoy/config/endpoint/v3/load_report_pb.js";
import { readLoadReport } from "../../../src/xds/reports/load-report.js";
import { aGrpcNode, anEnvoy } from "../support/nodes.js";

const NOW = 1_700_000_000_000;
const whereabouts = () => new Map([["10.0.0.1:80", "a"]]);

function read(node: typeof anEnvoy, ...clusters: MessageInitShape<typeof ClusterStatsSchema>[]) {
  const stats = clusters.map((cluster) => create(ClusterStatsSchema, cluster));
  return readLoadReport(node, stats, NOW, whereabouts);
}

const place = (ok: bigint, failed: bigint) => ({ totalSuccessfulRequests: ok, totalErrorRequests: failed });
const at = (address: string) => ({
  address: {
    address: {
      case: "socketAddress",
      value: { address, portSpecifier: { case: "portValue", value: 80 } },
    },
  } as const,
});

test("the calls of a gRPC client are those of its service, by place added up", () => {
  const report = read(aGrpcNode, {
    clusterName: "pay.shop",
    upstreamLocalityStats: [place(3n, 1n), place(2n, 0n)],
    loadReportInterval: { seconds: 10n, nanos: 500_000_000 },
  });
  expect(report).toEqual({
    startMs: NOW - 10_500,
    endMs: NOW,
    stats: [
      {
        consumerNamespace: "",
        consumer: "",
        namespace: "shop",
        service: "pay",
        instanceId: "",
        method: "",
        callsByCode: new Map([
          [0, 5],
          [2, 1],
        ]),
      },
    ],
  });
});

test("the calls of a proxy are those of instances, where it tells; what is left of a place is nobody's", () => {
  const upstreamEndpointStats = [
    { ...at("10.0.0.1"), ...place(3n, 2n) },
    { ...at("10.0.0.9"), ...place(1n, 0n) },
  ];
  const { stats } = read(anEnvoy, {
    clusterName: "pay.default",
    upstreamLocalityStats: [{ ...place(6n, 2n), upstreamEndpointStats }],
  });
  expect(stats.map(({ consumer, instanceId, callsByCode }) => [consumer, instanceId, [...callsByCode]])).toEqual([
    ["shop", "", [[0, 3]]],
    [
      "shop",
      "a",
      [
        [0, 3],
        [2, 2],
      ],
    ],
  ]);
});

test("counts and stretches beyond all measure are the most that is believed", () => {
  const most = 2n ** 64n - 1n;
  const { stats, startMs } = read(anEnvoy, {
    clusterName: "pay.default",
    upstreamLocalityStats: [place(most, 0n), place(most, 0n)],
    loadReportInterval: { seconds: 2n ** 60n, nanos: 0 },
  });
  expect(stats.map(({ callsByCode }) => [...callsByCode])).toEqual([[[0, Number.MAX_SAFE_INTEGER]]]);
  expect(startMs).toBe(NOW - 3_600_000);
  const backwards = read(anEnvoy, { clusterName: "pay.default", loadReportInterval: { seconds: -5n, nanos: 0 } });
  expect(backwards.startMs).toBe(NOW);
});

test("what was dropped before it was sent failed as unavailable", () => {
  const { stats } = read(anEnvoy, { clusterName: "pay.default", totalDroppedRequests: 4n });
  expect(stats.map(({ callsByCode }) => [...callsByCode])).toEqual([[[14, 4]]]);
});

test("the name of the service counts where a cluster has another", () => {
  const { stats } = read(anEnvoy, {
    clusterName: "x/y",
    clusterServiceName: "pay.default.admin",
    upstreamLocalityStats: [place(1n, 0n)],
  });
  expect(stats.map(({ service }) => service)).toEqual(["pay"]);
});

test.each([
  ["a cluster that is no service", { clusterName: "portolan/inbound", upstreamLocalityStats: [place(1n, 0n)] }],
  ["a cluster without calls", { clusterName: "pay.default", upstreamLocalityStats: [place(0n, 0n)] }],
])("%s is passed over", (_, cluster) => {
  expect(read(anEnvoy, cluster).stats).toEqual([]);
});
