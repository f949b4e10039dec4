import {
  GrpcProbeSchema,
  HealthCheckSchema,
  HttpProbeSchema,
  TcpProbeSchema,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import { durationMsFromProto } from "../translate/index.js";
import { list, oneOf, rulesFor } from "./message-rules.js";
import { nameOrEmpty } from "./names.js";
import { duration, isDuration } from "./times.js";
import { integer, textLike, textUpTo } from "./values.js";

const MAX_STATUSES = 100;
const DEFAULT_INTERVAL_MS = 10_000;
const DEFAULT_TIMEOUT_MS = 1_000;
const MAX_INTERVAL_MS = 300_000;

/** Asks grpc.health.v1.Health. */
export const grpcProbeRules = rulesFor(GrpcProbeSchema, { service: textUpTo(256) });

/** Gets a path. */
export const httpProbeRules = rulesFor(HttpProbeSchema, {
  path: textLike(/^\/[^\s#]{0,2047}$/, 'must begin with "/" and have at most 2,048 characters, no space and no #'),
  expectedStatuses: list(integer(100, 599), 0, MAX_STATUSES),
});

/** Connects. */
export const tcpProbeRules = rulesFor(TcpProbeSchema, {});

/** How an instance is probed; that the endpoint exists is a rule of the instance. */
export const healthCheckRules = rulesFor(
  HealthCheckSchema,
  {
    probe: oneOf({ grpc: grpcProbeRules, http: httpProbeRules, tcp: tcpProbeRules }, true),
    endpointName: nameOrEmpty,
    interval: duration({ minMs: 1_000, maxMs: MAX_INTERVAL_MS }),
    timeout: duration({ minMs: 50, maxMs: MAX_INTERVAL_MS }),
    unhealthyThreshold: integer(0, 100),
    healthyThreshold: integer(0, 100),
  },
  ({ interval, timeout }, report) => {
    if ((interval && !isDuration(interval)) || (timeout && !isDuration(timeout))) return;
    const intervalMs = interval ? durationMsFromProto(interval) : DEFAULT_INTERVAL_MS;
    const timeoutMs = timeout ? durationMsFromProto(timeout) : DEFAULT_TIMEOUT_MS;
    if (timeoutMs > intervalMs && timeoutMs <= MAX_INTERVAL_MS) report(["timeout"], "must be at most the interval");
  },
);
