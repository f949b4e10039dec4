import {
  DeleteServiceRequestSchema,
  GetServiceRequestSchema,
  PutServiceRequestSchema,
  ServiceSchema,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import { free, list, outputOnly, rulesFor } from "./message-rules.js";
import { fullName, name, namespace } from "./names.js";
import { outlierDetectionRules } from "./outlier-detection.js";
import { duration } from "./times.js";
import { expectedRevision, integer, labels, textUpTo } from "./values.js";

const MAX_GRPC_SERVICES = 100;

/** A service's description. */
export const serviceRules = rulesFor(ServiceSchema, {
  namespace,
  name,
  description: textUpTo(1_024),
  owner: textUpTo(128),
  labels: labels(1_024),
  grpcServices: list(fullName, 0, MAX_GRPC_SERVICES),
  panicThresholdPercent: integer(0, 100).optional(),
  outlierDetection: outlierDetectionRules.type.optional(),
  slowStartWindow: duration({ minMs: 0, maxMs: 3_600_000 }),
  createRevision: outputOnly,
  modRevision: outputOnly,
  instanceCount: outputOnly,
  servingCount: outputOnly,
});

/** Requests about services. */
export const serviceRequestRules = [
  serviceRules,
  outlierDetectionRules,
  rulesFor(PutServiceRequestSchema, { service: serviceRules.type, expectedRevision }),
  rulesFor(GetServiceRequestSchema, { namespace, name }),
  rulesFor(DeleteServiceRequestSchema, { namespace, name, cascade: free, expectedRevision }),
];
