import type { IncomingHttpHeaders } from "node:http2";
import { fromBinary } from "@bufbuild/protobuf";
import { type Any, anyUnpack } from "@bufbuild/protobuf/wkt";
import { ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "../../../gen/google/rpc/status_pb.js";

/**
 * How a call ended: with its answer; with a refusal by the server, which says that nothing happened; before anything was sent;
 * or nobody knows how.
 */
export type Ending<T> =
  | { readonly kind: "answer"; readonly message: T }
  | Refusal
  | { readonly kind: "unsent" }
  | { readonly kind: "silence" };

/** The server's reason, and its facts. */
export interface Refusal {
  readonly kind: "refusal";
  readonly reason: string;
  readonly facts: Readonly<Record<string, string>>;
}

/** Reasons that do not say whether it happened. */
const SILENT = ["DEADLINE_EXCEEDED", "CANCELLED"];

/** What trailers with a status other than OK say. @throws Error when the server failed. */
export function refusalIn(headers: IncomingHttpHeaders): Refusal | { readonly kind: "silence" } {
  const details = headers["grpc-status-details-bin"];
  if (typeof details !== "string") return { kind: "silence" };
  return refusalOf(fromBinary(StatusSchema, Buffer.from(details, "base64")), headers["grpc-message"]);
}

/** What a status says, or a failure within a session. @throws Error when the server failed. */
export function refusalOf(
  { details }: { readonly details: readonly Any[] },
  message: string | string[] = "",
): Refusal | { readonly kind: "silence" } {
  const info = details.map((any) => anyUnpack(any, ErrorInfoSchema)).find((unpacked) => unpacked !== undefined);
  if (!info || SILENT.includes(info.reason)) return { kind: "silence" };
  if (info.reason === "INTERNAL") {
    throw new Error(decodeURIComponent(String(message)));
  }
  return { kind: "refusal", reason: info.reason, facts: info.metadata };
}
