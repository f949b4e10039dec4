import { randomBytes } from "node:crypto";
import { status as grpcStatus } from "@grpc/grpc-js";
import type { EdgeFault } from "../edge-fault.js";
import type { PartialStatus } from "./partial-status.js";

/** What grpc-js means by a status that it sends of its own. */
export function libraryFault(
  status: PartialStatus,
  call: { readonly sending: boolean; readonly maxBytes: number },
): EdgeFault {
  switch (status.code) {
    case grpcStatus.DEADLINE_EXCEEDED:
      return { reason: "DEADLINE_EXCEEDED" };
    case grpcStatus.RESOURCE_EXHAUSTED:
      return { reason: "MESSAGE_TOO_LARGE", maxBytes: call.maxBytes };
    case grpcStatus.UNIMPLEMENTED:
      return { reason: "ENCODING_UNSUPPORTED" };
    default:
      return call.sending
        ? { reason: "INTERNAL", incident: randomBytes(6).toString("hex") }
        : { reason: "REQUEST_UNREADABLE", detail: status.details ?? "" };
  }
}
