import { type DescMethod, fromBinary } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import type { Clock } from "../../stream/index.js";
import { BINARY } from "../binary.js";
import type { BufferedBytes } from "../buffered-bytes.js";
import type { CallBook } from "../calls.js";
import type { EdgeFault } from "../edge-fault.js";
import type { HalfCloses } from "../half-close.js";
import type { MethodMetrics } from "../metrics.js";
import type { RpcStatus } from "../rpc-status.js";
import type { Handler } from "../served-service.js";
import { createEncoder } from "./encode.js";
import { hasMoreParts } from "./parts.js";

/** What every call on a gRPC server needs. */
export interface CallHost {
  readonly calls: CallBook;
  readonly clock: Clock;
  readonly maxMessageBytes: number;
  /** Requests that are not whole and answers that are not taken. */
  readonly buffered: BufferedBytes;
  readonly halfCloses: HalfCloses;
  /** Whatever was thrown, as a status; logs what nobody foresaw. */
  toStatus(error: unknown): RpcStatus;
  /** Told of each call that ended, for the log. */
  ended(method: DescMethod, code: Code | 0, reason: string, seconds: number): void;
}

/** A method as the server routes to it: made once, used by each of its calls. */
export interface Route {
  readonly method: DescMethod;
  readonly path: string;
  readonly handler: Handler;
  readonly metrics: MethodMetrics;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  /** A response's bytes, in gRPC's frame. */
  encode(message: unknown): Buffer;
}

/** A request that cannot be taken: handed on as if it could, so that the call can answer for it. */
export class Unreadable {
  constructor(readonly fault: EdgeFault) {}
}

/** Bytes as a message of the method's input, of at most so many parts; never throws. */
export function decoder(method: DescMethod, maxParts: number): (bytes: Buffer) => unknown {
  const detail = `its bytes are no ${method.input.typeName}`;
  return (bytes) => {
    if (hasMoreParts(method.input, bytes, maxParts)) return new Unreadable({ reason: "MESSAGE_TOO_LARGE", maxParts });
    try {
      return fromBinary(method.input, bytes, BINARY);
    } catch {
      return new Unreadable({ reason: "REQUEST_UNREADABLE", detail });
    }
  };
}

/** Makes the route of one method. */
export function createRoute(method: DescMethod, handler: Handler, metrics: MethodMetrics): Route {
  const { methodKind, output } = method;
  const responseStream = methodKind === "server_streaming" || methodKind === "bidi_streaming";
  return {
    method,
    path: `/${method.parent.typeName}/${method.name}`,
    handler,
    metrics,
    requestStream: methodKind === "client_streaming" || methodKind === "bidi_streaming",
    responseStream,
    encode: createEncoder(output),
  };
}
