import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "../../gen/google/rpc/status_pb.js";

/** How a call ended, read from bare headers and trailers. */
export interface RawStatus {
  readonly code: number;
  readonly message: string;
  /** ErrorInfo's reason; undefined when the error carries none. */
  readonly reason: string | undefined;
}

/** gRPC without a gRPC library: for what no well-behaved client sends. */
export class RawGrpc implements AsyncDisposable {
  readonly session: ClientHttp2Session;
  /** The connection itself, to end it in ways that HTTP/2 does not know. */
  readonly socket: Socket;

  constructor(baseUrl: string) {
    const { hostname, port } = new URL(baseUrl);
    this.socket = connectTcp({ host: hostname, port: Number(port), allowHalfOpen: true });
    this.session = connect(baseUrl, { createConnection: () => this.socket });
    // Tests look at streams; how their connection ended is theirs to say.
    this.session.on("error", () => {});
  }

  /** Opens a call; write `frame`s to it. */
  open(path: string, headers: Record<string, string> = {}): ClientHttp2Stream {
    const stream = this.session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc+proto",
      te: "trailers",
      ...headers,
    });
    stream.on("error", () => {});
    return stream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.session.destroyed) return;
    const closed = once(this.session, "close");
    this.session.destroy();
    await closed;
  }
}

/** One message in gRPC's frame. */
export function frame(bytes: Uint8Array, compressed = false): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed ? 1 : 0, 0);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** Waits for the status of a call, wherever it comes. */
export async function statusOf(stream: ClientHttp2Stream): Promise<RawStatus> {
  const status = new Promise<RawStatus>((resolve) => {
    stream.on("response", (headers) => {
      if (headers["grpc-status"] !== undefined) resolve(read(headers));
    });
    stream.on("trailers", (trailers) => resolve(read(trailers)));
    stream.on("close", () => resolve({ code: -1, message: `closed with ${stream.rstCode}`, reason: undefined }));
  });
  stream.resume();
  return status;
}

function read(headers: IncomingHttpHeaders): RawStatus {
  const details = headers["grpc-status-details-bin"];
  return {
    code: Number(headers["grpc-status"]),
    message: decodeURIComponent(String(headers["grpc-message"] ?? "")),
    reason: typeof details === "string" ? reasonIn(Buffer.from(details, "base64")) : undefined,
  };
}

function reasonIn(bytes: Uint8Array): string | undefined {
  for (const any of fromBinary(StatusSchema, bytes).details) {
    const info = anyUnpack(any, ErrorInfoSchema);
    if (info) return info.reason;
  }
  return undefined;
}
