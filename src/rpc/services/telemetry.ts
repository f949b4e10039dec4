import type { ServiceImpl } from "@connectrpc/connect";
import type { TelemetryService } from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";
import { type Clock, mapped } from "../../stream/index.js";
import type { CallReport, ServiceStatus } from "../../telemetry/index.js";
import { validate } from "../rules/index.js";
import { durationMsFromProto, namespaceFromProto } from "../translate/index.js";
import { serviceStatusToProto, topologyToProto } from "../translate/telemetry.js";
import { callAnswerToProto, callQueryFromProto, callReportFromProto } from "../translate/telemetry-calls.js";
import { eventCalls } from "./telemetry-events.js";
import { logCalls } from "./telemetry-logs.js";
import type { TelemetryServiceOptions } from "./telemetry-options.js";

const STATUS_WINDOW_MS = 60_000;
const TOPOLOGY_WINDOW_MS = 300_000;

type Impl = ServiceImpl<typeof TelemetryService>;

/** Older reports say nothing of how an instance is now. */
const FRESH_MS = 60_000;

/** Answers TelemetryService: how calls go, what services log, what happened and who did it. */
export function createTelemetryService(options: TelemetryServiceOptions): Impl {
  return { ...callCalls(options), ...statusCalls(options), ...logCalls(options), ...eventCalls(options) };
}

function callCalls({
  telemetry,
  registry,
  clock,
  rules,
}: TelemetryServiceOptions): Pick<Impl, "reportCalls" | "queryCalls"> {
  return {
    async reportCalls(requests) {
      let accepted = 0;
      let rejected = 0;
      for await (const request of requests) {
        validate(rules, request);
        const report = callReportFromProto(request);
        const taken = telemetry.reportCalls(report);
        if (isFresh(report, clock)) registry.observe(report.stats);
        accepted += taken.accepted;
        rejected += taken.rejected;
      }
      return { accepted: BigInt(accepted), rejected: BigInt(rejected) };
    },
    async queryCalls(request, { signal }) {
      validate(rules, request);
      return callAnswerToProto(await telemetry.queryCalls(callQueryFromProto(request), signal));
    },
  };
}

function isFresh({ endMs }: CallReport, clock: Clock): boolean {
  return Math.abs(clock.wallMs() - endMs) <= FRESH_MS;
}

type StatusCalls = Pick<Impl, "getServiceStatus" | "watchServiceStatus" | "getTopology">;

function statusCalls({ telemetry, registry, discovery, rules }: TelemetryServiceOptions): StatusCalls {
  const show = (status: ServiceStatus) => {
    const listed = discovery.getService({ namespace: status.namespace, name: status.service });
    return serviceStatusToProto(status, { listed, expiryPaused: registry.expiryGuard().paused });
  };
  return {
    async getServiceStatus(request, { signal }) {
      validate(rules, request);
      return { status: show(await telemetry.status({ ...statusQuery(request), signal })) };
    },
    watchServiceStatus(request, { signal }) {
      validate(rules, request);
      const batches = telemetry.watchStatus({ ...statusQuery(request), signal });
      return mapped(batches, (statuses) => ({ statuses: statuses.map(show) }));
    },
    async getTopology(request, { signal }) {
      validate(rules, request);
      const windowMs = request.window ? durationMsFromProto(request.window) : TOPOLOGY_WINDOW_MS;
      const query = { namespace: namespaceFromProto(request.namespace), windowMs, signal };
      return topologyToProto(await telemetry.topology(query), show);
    },
  };
}

function statusQuery(request: Parameters<Impl["getServiceStatus"]>[0] | Parameters<Impl["watchServiceStatus"]>[0]) {
  const { namespace, service: name, window } = request;
  const windowMs = window ? durationMsFromProto(window) : STATUS_WINDOW_MS;
  return { service: { namespace: namespaceFromProto(namespace), name }, windowMs };
}
