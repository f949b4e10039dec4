import type { Any } from "@bufbuild/protobuf/wkt";
import type { Code } from "@connectrpc/connect";
import { ServerInterceptingCall, type ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.js";
import { ERROR_DOMAIN, statusOf } from "../errors.js";
import { codeName, type RpcMetrics } from "../metrics.js";
import { DETAILS_KEY, detail, toGrpcStatus } from "../rpc-status.js";
import type { PartialStatus } from "./partial-status.js";

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

/** A call that the library's own handlers serve (health, reflection): its errors get the ErrorInfo that all errors have. */
export class LibraryCall extends ServerInterceptingCall {
  constructor(base: ServerInterceptingCallInterface, metrics: RpcMetrics) {
    super(base);
    const send = base.sendStatus.bind(base);
    base.sendStatus = (status) => {
      if ((status.code ?? 0) === 0) return send(status);
      const reason = codeName(codeOf(status));
      metrics.error(reason);
      send(withErrorInfo(status, reason));
    };
  }
}

function withErrorInfo(status: PartialStatus, reason: string): PartialStatus {
  if (status.metadata?.get(DETAILS_KEY).length) return status;
  const details: Any[] = [detail(ErrorInfoSchema, { reason, domain: ERROR_DOMAIN })];
  const code = codeOf(status);
  const dressed = toGrpcStatus({ code, message: status.details ?? "", details, reason });
  if (status.metadata) dressed.metadata.merge(status.metadata);
  return dressed;
}

/** Both enums are gRPC's numbers. */
function codeOf(status: PartialStatus): Code {
  return Number(status.code);
}
