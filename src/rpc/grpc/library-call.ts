import type { DescMethod } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import { ServerInterceptingCall, type ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.js";
import type { ActiveCall, CallBook } from "../calls.js";
import { ERROR_DOMAIN, statusOf } from "../errors.js";
import { codeName, type RpcMetrics } from "../metrics.js";
import { DETAILS_KEY, detail, toGrpcStatus } from "../rpc-status.js";
import type { PartialStatus } from "./partial-status.js";

/** What grpc-js says of a method. */
interface Definition {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

type Listener = Parameters<ServerInterceptingCallInterface["start"]>[0];

/**
 * A call that a library's own handlers serve: health and reflection.
 *
 * It gives their errors the ErrorInfo that all errors have, lets a stop end their streams, sends nothing behind a status, and
 * reads no further request while a response waits to be sent: they answer without asking whether anybody reads.
 */
export class LibraryCall extends ServerInterceptingCall implements ActiveCall {
  readonly #base: ServerInterceptingCallInterface;
  readonly #definition: Definition;
  readonly #calls: CallBook;
  #statusSent = false;
  #unsent = 0;
  #wantsRead = false;

  constructor(
    base: ServerInterceptingCallInterface,
    options: { readonly definition: Definition; readonly calls: CallBook; readonly metrics: RpcMetrics },
  ) {
    super(base);
    this.#base = base;
    this.#definition = options.definition;
    this.#calls = options.calls;
    const send = base.sendStatus.bind(base);
    base.sendStatus = (status) => {
      this.#statusSent = true;
      if (Number(status.code ?? 0) === 0) return send(status);
      const reason = codeName(Number(status.code) as Code);
      options.metrics.error(reason);
      send(withErrorInfo(status, reason));
    };
  }

  get path(): string {
    return this.#definition.path;
  }

  get kind(): DescMethod["methodKind"] {
    const { requestStream, responseStream } = this.#definition;
    if (responseStream) return requestStream ? "bidi_streaming" : "server_streaming";
    return requestStream ? "client_streaming" : "unary";
  }

  /** What ends it here is always that the server stops. */
  end(): void {
    this.#base.sendStatus(toGrpcStatus(statusOf({ reason: "SHUTTING_DOWN", retryAfterMs: 1_000 })));
  }

  override start(listener: Listener): void {
    this.#calls.enter(this);
    super.start({
      onReceiveMetadata: (metadata) => listener.onReceiveMetadata(metadata),
      onReceiveMessage: (message) => listener.onReceiveMessage(message),
      onReceiveHalfClose: () => listener.onReceiveHalfClose(),
      onCancel: () => {
        this.#calls.leave(this);
        listener.onCancel();
      },
    });
  }

  override sendMessage(message: unknown, callback: () => void): void {
    // What is written behind the status takes the status with it, and the client waits for ever: the handlers do not hear of
    // the statuses that grpc-js sends by itself.
    if (this.#statusSent) {
      callback();
      return;
    }
    this.#unsent++;
    super.sendMessage(message, () => {
      this.#unsent--;
      callback();
      if (this.#wantsRead) this.startRead();
    });
  }

  override startRead(): void {
    this.#wantsRead = this.#unsent > 0;
    if (!this.#wantsRead) super.startRead();
  }
}

function withErrorInfo(status: PartialStatus, reason: string): PartialStatus {
  if (status.metadata?.get(DETAILS_KEY).length) return status;
  const info = detail(ErrorInfoSchema, { reason, domain: ERROR_DOMAIN });
  const dressed = toGrpcStatus({ code: Number(status.code), message: status.details ?? "", details: [info], reason });
  if (status.metadata) dressed.metadata.merge(status.metadata);
  return dressed;
}
