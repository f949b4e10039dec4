import type { ServiceImpl } from "@connectrpc/connect";
import type { TelemetryService } from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";
import { mapped } from "../../stream/index.js";
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

/** Answers TelemetryService: how calls go, what services log, what happened and who did it. */
export function createTelemetryService(options: TelemetryServiceOptions): Impl {
  return { ...callCalls(options), ...statusCalls(options), ...logCalls(options), ...eventCalls(options) };
}

function callCalls({ telemetry, rules }: TelemetryServiceOptions): Pick<Impl, "reportCalls" | "queryCalls"> {
  return {
    async reportCalls(requests) {
      let accepted = 0;
      let rejected = 0;
      for await (const request of requests) {
        validate(rules, request);
        const taken = telemetry.reportCalls(callReportFromProto(request));
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

type StatusCalls = Pick<Impl, "getServiceStatus" | "watchServiceStatus" | "getTopology">;

function statusCalls({ telemetry, rules }: TelemetryServiceOptions): StatusCalls {
  return {
    async getServiceStatus(request, { signal }) {
      validate(rules, request);
      return { status: serviceStatusToProto(await telemetry.status({ ...statusQuery(request), signal })) };
    },
    watchServiceStatus(request, { signal }) {
      validate(rules, request);
      const batches = telemetry.watchStatus({ ...statusQuery(request), signal });
      return mapped(batches, (statuses) => ({ statuses: statuses.map(serviceStatusToProto) }));
    },
    async getTopology(request, { signal }) {
      validate(rules, request);
      const windowMs = request.window ? durationMsFromProto(request.window) : TOPOLOGY_WINDOW_MS;
      const query = { namespace: namespaceFromProto(request.namespace), windowMs, signal };
      return topologyToProto(await telemetry.topology(query));
    },
  };
}

function statusQuery(request: Parameters<Impl["getServiceStatus"]>[0] | Parameters<Impl["watchServiceStatus"]>[0]) {
  const { namespace, service: name, window } = request;
  const windowMs = window ? durationMsFromProto(window) : STATUS_WINDOW_MS;
  return { service: { namespace: namespaceFromProto(namespace), name }, windowMs };
}
