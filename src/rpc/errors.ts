import { randomBytes } from "node:crypto";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Logger } from "pino";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import { DomainError } from "../model/index.js";
import { EdgeError } from "./edge-fault.js";
import { type AnyFault, FAULT_TABLE, type Told } from "./fault-table.js";
import { detail, type RpcStatus } from "./rpc-status.js";

/** ErrorInfo's domain on every error of this product. */
export const ERROR_DOMAIN = "portolan";

/** Characters of an error's text: it travels in a header. */
const MAX_MESSAGE_CHARS = 1_024;

/**
 * Whatever was thrown, as the status that leaves the server: the one way from an error to gRPC.
 *
 * Faults of the rooms and of the edge are told by the table. Anything else is INTERNAL with an incident id, and is logged
 * under that id: its text never leaves the server.
 */
export function toStatus(error: unknown, log: Logger): RpcStatus {
  const fault = faultOf(error);
  if (fault) return statusOf(fault);
  const incident = randomBytes(6).toString("hex");
  log.error({ err: error, incident }, "a call failed for a reason that nobody foresaw");
  return statusOf({ reason: "INTERNAL", incident });
}

/** The status that tells a fault. */
export function statusOf(fault: AnyFault): RpcStatus {
  const { code, message, facts, details = [] } = tell(fault);
  const info = detail(ErrorInfoSchema, { reason: fault.reason, domain: ERROR_DOMAIN, metadata: { ...facts } });
  return { code, message: asHeader(message), details: [info, ...details], reason: fault.reason };
}

function tell<F extends AnyFault>(fault: F): Told {
  const row = FAULT_TABLE[fault.reason] as (fault: F) => Told;
  return row(fault);
}

/** The fault behind an error; undefined for what nobody foresaw. */
function faultOf(error: unknown): AnyFault | undefined {
  if (error instanceof DomainError || error instanceof EdgeError) return error.fault;
  // Before ConnectError: its instanceof looks at names alone.
  if (error instanceof Error && error.name === "AbortError") return faultOf(error.cause) ?? { reason: "CANCELLED" };
  if (error instanceof Error && error.name === "TimeoutError") return { reason: "DEADLINE_EXCEEDED" };
  if (error instanceof ConnectError) return connectFault(error);
  return undefined;
}

/** What Connect found out by itself before, or instead of, a handler. */
function connectFault(error: ConnectError): AnyFault | undefined {
  switch (error.code) {
    case Code.Canceled:
      return { reason: "CANCELLED" };
    case Code.DeadlineExceeded:
      return { reason: "DEADLINE_EXCEEDED" };
    case Code.InvalidArgument:
      return { reason: "REQUEST_UNREADABLE", detail: error.rawMessage };
    case Code.Unimplemented:
      return { reason: "UNIMPLEMENTED", what: error.rawMessage };
    default:
      return error.cause === undefined ? undefined : faultOf(error.cause);
  }
}

/** A bounded text without what a header cannot hold. */
function asHeader(message: string): string {
  const wellFormed = message.replace(/\p{Surrogate}/gu, "\uFFFD").replace(/[\r\n\0]+/g, " ");
  if (wellFormed.length <= MAX_MESSAGE_CHARS) return wellFormed;
  return `${wellFormed.slice(0, MAX_MESSAGE_CHARS - 1).replace(/\p{Surrogate}$/u, "")}…`;
}
