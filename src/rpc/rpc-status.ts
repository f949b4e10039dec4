import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import { type Code, ConnectError } from "@connectrpc/connect";
import { Metadata } from "@grpc/grpc-js";
import { StatusSchema } from "../../gen/google/rpc/status_pb.js";

/** An error as it leaves the server, on whichever way: trailers, a Connect body, a session's Failure message. */
export interface RpcStatus {
  /** A gRPC status code, never 0. */
  readonly code: Code;
  /** One sentence that says what to do. */
  readonly message: string;
  /** google.rpc messages, ErrorInfo first. */
  readonly details: readonly Any[];
  /** ErrorInfo's reason; see proto/README.md. */
  readonly reason: string;
}

/** A status as grpc-js takes it. */
export interface GrpcStatus {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

/** Where gRPC clients look for the details. */
export const DETAILS_KEY = "grpc-status-details-bin";

/** One google.rpc message as a detail. */
export function detail<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>): Any {
  return anyPack(schema, create(schema, init));
}

/** For grpc-js: the details travel as a google.rpc.Status in the trailers. */
export function toGrpcStatus(status: RpcStatus): GrpcStatus {
  const { code, message, details } = status;
  const metadata = new Metadata();
  const bytes = toBinary(StatusSchema, create(StatusSchema, { code, message, details: [...details] }));
  metadata.set(DETAILS_KEY, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return { code, details: message, metadata };
}

/** For Connect and gRPC-Web, which pack the details themselves. */
export function toConnectError(status: RpcStatus): ConnectError {
  const error = new ConnectError(status.message, status.code);
  error.details = status.details.map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    value,
  }));
  return error;
}
