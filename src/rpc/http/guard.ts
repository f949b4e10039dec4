import { create, type DescMethod } from "@bufbuild/protobuf";
import type { Code, HandlerContext, MethodImpl } from "@connectrpc/connect";
import type { ActiveCall } from "../calls.js";
import { EdgeError } from "../edge-fault.js";
import type { CallHost } from "../grpc/route.js";
import type { MethodMetrics } from "../metrics.js";
import { toConnectError } from "../rpc-status.js";
import type { Handler } from "../served-service.js";
import { connectionOf } from "./connection.js";
import { requestsOf } from "./requests.js";

/** What stands around a handler on the HTTP port. */
interface GuardOptions {
  readonly method: DescMethod;
  readonly handler: Handler;
  readonly host: CallHost;
  readonly metrics: MethodMetrics;
}

/** A handler for Connect with the errors, the metrics and the end that calls have on the gRPC port. */
export function guarded(options: GuardOptions): MethodImpl<DescMethod> {
  const { method } = options;
  const unary = method.methodKind === "unary" || method.methodKind === "client_streaming";
  const impl = unary
    ? (input: unknown, context: HandlerContext) => answer(options, input, context)
    : (input: unknown, context: HandlerContext) => stream(options, input, context);
  return impl as MethodImpl<DescMethod>;
}

async function answer(options: GuardOptions, input: unknown, context: HandlerContext): Promise<unknown> {
  const call = new GuardedCall(options, context);
  try {
    call.begin();
    const response = await options.handler(requestOf(options, input, call.context), call.context);
    call.ended(0, "");
    return response;
  } catch (error) {
    throw call.failed(error);
  }
}

function requestOf({ method, host }: GuardOptions, input: unknown, { signal }: HandlerContext): unknown {
  if (method.methodKind !== "client_streaming") return input;
  return requestsOf(input as AsyncIterable<unknown>, { signal, maxBytes: host.maxMessageBytes });
}

async function* stream(options: GuardOptions, input: unknown, context: HandlerContext): AsyncGenerator<unknown> {
  const call = new GuardedCall(options, context);
  const bidi = options.method.methodKind === "bidi_streaming";
  try {
    call.begin();
    const requests = bidi ? untilHalfClose(input as AsyncIterable<unknown>, call.context, options.host) : input;
    for await (const response of options.handler(requests, call.context) as AsyncIterable<never>) {
      options.metrics.sent();
      yield create(options.method.output, response);
    }
    if (call.context.signal.aborted) throw call.context.signal.reason;
    call.ended(0, "");
  } catch (error) {
    throw call.failed(error);
  } finally {
    call.let();
  }
}

/** Requests that end when the client meant it, and throw when the stream broke; see `HalfCloses`. */
async function* untilHalfClose(
  requests: AsyncIterable<unknown>,
  { signal, values }: HandlerContext,
  { halfCloses, maxMessageBytes }: CallHost,
): AsyncGenerator<unknown> {
  yield* requestsOf(requests, { signal, maxBytes: maxMessageBytes });
  const connection = connectionOf(values);
  const settled = connection === undefined || (await halfCloses.settled(connection));
  if (!settled || signal.aborted) throw signal.reason ?? new EdgeError({ reason: "CANCELLED" });
}

/** One call on the HTTP port, from its first byte to its end. */
class GuardedCall implements ActiveCall {
  readonly context: HandlerContext;
  readonly #options: GuardOptions;
  readonly #stop = new AbortController();
  readonly #startedMs: number;
  #over = false;

  constructor(options: GuardOptions, context: HandlerContext) {
    this.#options = options;
    this.#startedMs = options.host.clock.monotonicMs();
    const signal = AbortSignal.any([context.signal, this.#stop.signal]);
    // Made over and not copied: its headers are written to by the handler and read by Connect.
    this.context = Object.create(context, { signal: { value: signal } });
  }

  get path(): string {
    return `/${this.#options.method.parent.typeName}/${this.#options.method.name}`;
  }

  get kind(): DescMethod["methodKind"] {
    return this.#options.method.methodKind;
  }

  end(error: Error): void {
    this.#stop.abort(error);
  }

  /** @throws the refusal while the server stops. */
  begin(): void {
    const { calls } = this.#options.host;
    this.#options.metrics.started();
    const { refusal } = calls;
    calls.enter(this);
    if (refusal) throw refusal;
  }

  /** The error as Connect sends it. */
  failed(error: unknown): Error {
    const { signal } = this.context;
    const status = this.#options.host.toStatus(signal.aborted ? signal.reason : error);
    this.ended(status.code, status.reason);
    return toConnectError(status);
  }

  /** The client let go of a stream that had not ended. */
  let(): void {
    if (!this.#over) this.failed(this.context.signal.reason ?? new DOMException("the client left", "AbortError"));
  }

  ended(code: Code | 0, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    const { host, metrics, method } = this.#options;
    const seconds = (host.clock.monotonicMs() - this.#startedMs) / 1000;
    metrics.ended(code, reason, seconds);
    host.ended(method, code, reason, seconds);
    host.calls.leave(this);
  }
}
