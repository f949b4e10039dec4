import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type QueryLogsRequest,
  type TailLogsResponse,
  TailLogsResponseSchema,
  TelemetryService,
} from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";
import { mapped } from "../../stream/index.js";
import type { LogPageQuery, LogTailBatch } from "../../telemetry/index.js";
import { pageScope } from "../page-tokens.js";
import { validate } from "../rules/index.js";
import {
  logDraftFromProto,
  logQueryFromProto,
  logRecordToProto,
  timestampNsFromProto,
} from "../translate/telemetry-logs.js";
import type { TelemetryServiceOptions } from "./telemetry-options.js";
import { logCursorText, pageSizeOf, parseLogCursor } from "./telemetry-pages.js";

type LogCalls = Pick<ServiceImpl<typeof TelemetryService>, "writeLogs" | "queryLogs" | "tailLogs">;

/** The calls about logs. */
export function logCalls({ telemetry, rules, filters, pageTokens }: TelemetryServiceOptions): LogCalls {
  const queryOf = (query: QueryLogsRequest["query"]) =>
    logQueryFromProto(query, filters.compile("log", query?.filter ?? ""));
  return {
    async writeLogs(requests) {
      let accepted = 0;
      let rejected = 0;
      for await (const request of requests) {
        validate(rules, request);
        const taken = await telemetry.writeLogs(request.records.map(logDraftFromProto));
        accepted += taken.accepted;
        rejected += taken.rejected;
      }
      return { accepted: BigInt(accepted), rejected: BigInt(rejected) };
    },
    async queryLogs(request, { signal }) {
      validate(rules, request);
      const scope = pageScope(TelemetryService.method.queryLogs, request);
      const after = request.pageToken && parseLogCursor(pageTokens.open(scope, request.pageToken));
      const page = await telemetry.queryLogs({
        query: queryOf(request.query),
        ...rangeOf(request),
        pageSize: pageSizeOf(request),
        ...(after && { after }),
        signal,
      });
      const nextPageToken = page.next ? pageTokens.seal(scope, logCursorText(page.next)) : "";
      return { records: page.records.map(logRecordToProto), nextPageToken };
    },
    tailLogs(request, { signal }) {
      validate(rules, request);
      const { backlog } = request;
      return mapped(telemetry.tailLogs({ query: queryOf(request.query), backlog, signal }), batchToProto);
    },
  };
}

function rangeOf({ start, end }: QueryLogsRequest): Pick<LogPageQuery, "startNs" | "endNs"> {
  return {
    ...(start && { startNs: timestampNsFromProto(start) }),
    ...(end && { endNs: timestampNsFromProto(end) }),
  };
}

function batchToProto({ records, missed }: LogTailBatch): TailLogsResponse {
  return create(TailLogsResponseSchema, { records: records.map(logRecordToProto), missed: BigInt(missed) });
}
