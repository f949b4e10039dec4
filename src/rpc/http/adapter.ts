import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { BinaryReadOptions } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter, type ContextValues, createConnectRouter } from "@connectrpc/connect";
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/** A request listener, for HTTP/1.1 and HTTP/2. */
export type Listener = (request: Request, response: Response) => void;

/** Options of `connectAdapter`. */
export interface AdapterOptions {
  /** The most bytes that one message may have. */
  readonly readMaxBytes: number;
  /** How binary messages are read. */
  readonly binaryOptions: Partial<BinaryReadOptions>;
  contextValues(request: Request): ContextValues;
  /** Answers what is no call. */
  readonly fallback: Listener;
  routes(router: ConnectRouter): void;
  /** Told of a call that ended without an answer. */
  readonly onError: (error: unknown) => void;
}

/**
 * Serves Connect's routes by Node's servers.
 *
 * Why not connect-node's adapter: a failure outside of a handler goes to the console there, and its client waits for ever. It
 * needs no more than a text that no header can hold, in JSON for gRPC-Web.
 */
export function connectAdapter(options: AdapterOptions): Listener {
  const acceptCompression = [compressionGzip, compressionBrotli];
  const { readMaxBytes, binaryOptions } = options;
  const router = createConnectRouter({ acceptCompression, readMaxBytes, binaryOptions });
  options.routes(router);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  return (request, response) => {
    const handler = handlers.get(request.url?.split("?", 1)[0] ?? "");
    if (!handler) return options.fallback(request, response);
    const call = universalRequestFromNodeRequest(request, response, undefined, options.contextValues(request));
    // For as long as it may come Connect would hold as much memory as was announced, of which not a byte need follow.
    if (Number(call.header.get("content-length")) <= readMaxBytes) call.header.delete("content-length");
    handler(call)
      .then((answer) => universalResponseToNodeResponse(answer, response))
      .catch((error: unknown) => endUnanswered(response, error, options.onError));
  };
}

function endUnanswered(response: Response, error: unknown, onError: (error: unknown) => void): void {
  // The connection is gone.
  if (ConnectError.from(error).code === Code.Aborted) return;
  const unsayable = error instanceof URIError;
  if (!unsayable) onError(error);
  if (response.headersSent) response.destroy();
  else answer(response, unsayable);
}

function answer(response: Response, unsayable: boolean): void {
  const body = unsayable
    ? { code: "invalid_argument", message: "the request cannot be read: it is no well-formed text" }
    : { code: "internal", message: "the server failed: see its log" };
  response.writeHead(unsayable ? 400 : 500, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}
