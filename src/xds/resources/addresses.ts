import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Address, AddressSchema } from "../../../gen/xds/envoy/config/core/v3/address_pb.js";
import { formatAddress } from "../../model/index.js";

/** A TCP address. @param host an IP literal, or a DNS name where that is allowed. */
export function socketAddress(host: string, port: number): MessageInitShape<typeof AddressSchema> {
  return {
    address: {
      case: "socketAddress",
      value: { address: host, portSpecifier: { case: "portValue", value: port } },
    },
  };
}

/** "127.0.0.1:8080", "[::1]:8080"; empty for what is no address and port. */
export function socketText(address: Address | undefined): string {
  const socket = address?.address;
  if (socket?.case !== "socketAddress" || socket.value.portSpecifier.case !== "portValue") return "";
  return formatAddress(socket.value.address, socket.value.portSpecifier.value);
}
