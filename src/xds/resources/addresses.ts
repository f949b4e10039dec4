import type { MessageInitShape } from "@bufbuild/protobuf";
import type { AddressSchema } from "../../../gen/xds/envoy/config/core/v3/address_pb.js";

/** A TCP address. @param host an IP literal, or a DNS name where that is allowed. */
export function socketAddress(host: string, port: number): MessageInitShape<typeof AddressSchema> {
  return {
    address: {
      case: "socketAddress",
      value: { address: host, portSpecifier: { case: "portValue", value: port } },
    },
  };
}
