import type { MessageInitShape } from "@bufbuild/protobuf";
import { ApiVersion, type ConfigSourceSchema } from "../../../gen/xds/envoy/config/core/v3/config_source_pb.js";

/** "Ask for it on this stream." */
export const ADS: MessageInitShape<typeof ConfigSourceSchema> = {
  resourceApiVersion: ApiVersion.V3,
  configSourceSpecifier: { case: "ads", value: {} },
};

/** "Report to the server that told you this"; the only source that gRPC takes for load reports. */
export const SELF: MessageInitShape<typeof ConfigSourceSchema> = {
  resourceApiVersion: ApiVersion.V3,
  configSourceSpecifier: { case: "self", value: {} },
};
