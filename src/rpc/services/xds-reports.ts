import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { AccessLogService } from "../../../gen/xds/envoy/service/accesslog/v3/als_pb.js";
import {
  type LoadReportingService,
  type LoadStatsResponse,
  LoadStatsResponseSchema,
} from "../../../gen/xds/envoy/service/load_stats/v3/lrs_pb.js";
import type { Registry } from "../../registry/index.js";
import { mapped } from "../../stream/index.js";
import type { Telemetry } from "../../telemetry/index.js";
import type { LoadOrder, Xds } from "../../xds/index.js";
import { durationToProto } from "../translate/index.js";

/** What the services that take reports need. */
export interface XdsReportsOptions {
  readonly xds: Xds;
  readonly telemetry: Telemetry;
  readonly registry: Registry;
}

/** Answers Envoy's LoadReportingService: load reports become statistics of calls, and tell which instances do worse than others. */
export function createLoadReportingService({
  xds,
  telemetry,
  registry,
}: XdsReportsOptions): ServiceImpl<typeof LoadReportingService> {
  return {
    streamLoadStats: (requests) =>
      mapped(
        xds.loadReports(requests, (report) => {
          telemetry.reportCalls(report);
          registry.observe(report.stats);
        }),
        orderToProto,
      ),
  };
}

/** Answers Envoy's AccessLogService: each request becomes a line in the log of the service that was called. */
export function createAccessLogService({ xds, telemetry }: XdsReportsOptions): ServiceImpl<typeof AccessLogService> {
  return {
    async streamAccessLogs(messages) {
      for await (const lines of xds.accessLines(messages)) await telemetry.writeLogs(lines);
      return {};
    },
  };
}

function orderToProto({ clusters, allClusters, intervalMs }: LoadOrder): LoadStatsResponse {
  return create(LoadStatsResponseSchema, {
    clusters: [...clusters],
    sendAllClusters: allClusters,
    loadReportingInterval: durationToProto(intervalMs),
    reportEndpointGranularity: true,
  });
}
