import { ServerInterceptingCall, type ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { statusOf } from "../errors.js";
import type { RpcMetrics } from "../metrics.js";
import { toGrpcStatus } from "../rpc-status.js";

/** Characters of an unknown path that its answer repeats. */
const MAX_PATH_CHARS = 200;

/** A call of a method that this server does not have. */
export class UnknownCall extends ServerInterceptingCall {
  readonly #base: ServerInterceptingCallInterface;
  readonly #path: string;
  readonly #metrics: RpcMetrics;

  constructor(base: ServerInterceptingCallInterface, path: string, metrics: RpcMetrics) {
    super(base);
    this.#base = base;
    this.#path = path.slice(0, MAX_PATH_CHARS);
    this.#metrics = metrics;
  }

  override start(): void {
    const status = statusOf({ reason: "UNIMPLEMENTED", what: this.#path });
    this.#metrics.error(status.reason);
    this.#base.sendStatus(toGrpcStatus(status));
  }
}
