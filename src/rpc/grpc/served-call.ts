import type { DescMethod } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import { type Metadata, ServerInterceptingCall, type ServerInterceptingCallInterface } from "@grpc/grpc-js";
import type { Hold } from "../buffered-bytes.js";
import type { ActiveCall } from "../calls.js";
import { EdgeError } from "../edge-fault.js";
import { toGrpcStatus } from "../rpc-status.js";
import { GrpcContext } from "./context.js";
import { libraryFault } from "./library-fault.js";
import type { PartialStatus } from "./partial-status.js";
import { RequestStream } from "./request-stream.js";
import { type CallHost, type Route, Unreadable } from "./route.js";
import { brokeOff, connectionOf, onClosed, sendAsGiven, stopsWithinMessage } from "./seams.js";

/**
 * One call of a Connect-shaped handler, served by grpc-js: begun -> running -> over.
 *
 * Why a server interceptor and not a grpc-js handler: it stands directly on the transport's call. So a stream is pulled
 * message by message as the transport takes them, every status passes one place on its way out, and the two object streams
 * that grpc-js would put on top of each call are not needed. grpc-js starts it like any interceptor; what grpc-js would do
 * with the call after that (`start`'s listener) is not asked for.
 */
export class ServedCall extends ServerInterceptingCall implements ActiveCall {
  readonly #base: ServerInterceptingCallInterface;
  readonly #route: Route;
  readonly #host: CallHost;
  readonly #sendStatus: (status: PartialStatus) => void;
  #context: GrpcContext | undefined;
  /** The request of a method that takes one. */
  #request: unknown;
  /** The requests of a method that takes a stream. */
  #requests: RequestStream | undefined;
  /** The handler's responses while they are pulled. */
  #responses: AsyncIterator<unknown> | undefined;
  /** Wakes the pull loop, which waits for the transport to take a message. */
  #taken: (() => void) | undefined;
  /** Why the call ended; what its signal and its requests are told. */
  #end: Error | undefined;
  /** The bytes of the message that the transport has not taken. */
  #untaken: Hold | undefined;
  /** The only response of the call is on its way to the transport: a stop waits for that too. */
  #answering = false;
  #statusSent = false;
  #over = false;
  #sending = false;
  #startedMs = 0;

  constructor(base: ServerInterceptingCallInterface, route: Route, host: CallHost) {
    super(base);
    this.#base = base;
    this.#route = route;
    this.#host = host;
    this.#sendStatus = base.sendStatus.bind(base);
    base.sendStatus = (status) => this.#onLibraryStatus(status);
    sendAsGiven(base);
    onClosed(base, () => {
      this.#untaken?.release();
      this.#answered();
    });
  }

  get path(): string {
    return this.#route.path;
  }

  get kind(): DescMethod["methodKind"] {
    return this.#route.method.methodKind;
  }

  override start(): void {
    this.#base.start(this);
  }

  end(error: Error): void {
    this.#fail(error);
  }

  /** grpc-js: the call begins. */
  onReceiveMetadata(metadata: Metadata): void {
    const { calls, clock } = this.#host;
    this.#startedMs = clock.monotonicMs();
    this.#route.metrics.started();
    const { refusal } = calls;
    calls.enter(this);
    this.#context = new GrpcContext(this.#route.method, this.#base, metadata);
    if (refusal) {
      this.#fail(refusal);
    } else if (this.#route.requestStream) {
      this.#requests = new RequestStream(() => this.#base.startRead());
      this.#run(this.#requests, this.#context);
    } else {
      this.#base.startRead();
    }
  }

  /** grpc-js: a message that was asked for. */
  onReceiveMessage(message: unknown): void {
    if (message instanceof Unreadable) {
      this.#fail(new EdgeError(message.fault));
    } else if (this.#requests) {
      this.#route.metrics.received();
      this.#requests.push(message);
    } else if (this.#request !== undefined) {
      this.#fail(unreadable("this method takes one message, and there are several"));
    } else {
      this.#request = message;
      this.#base.startRead();
    }
  }

  /** grpc-js: the client sends no more, or broke off. */
  onReceiveHalfClose(): void {
    // A stream that broke off is told of by onCancel, which follows.
    if (brokeOff(this.#base)) return;
    if (stopsWithinMessage(this.#base)) this.#fail(unreadable("it stops within a message"));
    else if (this.#requests) this.#endRequests(this.#requests);
    else if (this.#request === undefined) this.#fail(unreadable("this method takes one message, and there is none"));
    else if (this.#context && !this.#statusSent) this.#run(this.#request, this.#context);
  }

  /** grpc-js: the stream is gone, also after it ended well. */
  onCancel(): void {
    this.#close();
  }

  #endRequests(requests: RequestStream): void {
    const connection = this.kind === "bidi_streaming" ? connectionOf(this.#base) : undefined;
    if (connection) {
      void this.#host.halfCloses.settled(connection).then((settled) => {
        if (settled && !brokeOff(this.#base)) requests.end();
      });
    } else {
      requests.end();
    }
  }

  #run(input: unknown, context: GrpcContext): void {
    try {
      const output = this.#route.handler(input, context);
      if (this.#route.responseStream) void this.#sendAll(output as AsyncIterable<unknown>);
      else if (output instanceof Promise)
        output.then(
          (response) => this.#answer(response),
          (error: unknown) => this.#fail(error),
        );
      else this.#answer(output);
    } catch (error) {
      this.#fail(error);
    }
  }

  /**
   * Sends the only response of the call, and its status in the same turn: header, message and trailers then leave in one
   * write to the socket, which takes a tenth off the cost of a call.
   */
  #answer(response: unknown): void {
    if (this.#statusSent) return;
    try {
      const bytes = this.#route.encode(response);
      this.#sendHeader();
      this.#sending = true;
      this.#answering = true;
      this.#hand(bytes, () => this.#answered());
      this.#succeed();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Pulls the responses: the next one only when the transport has taken the last one. */
  async #sendAll(responses: AsyncIterable<unknown>): Promise<void> {
    try {
      const iterator = responses[Symbol.asyncIterator]();
      this.#responses = iterator;
      for (let step = await iterator.next(); !this.#statusSent; step = await iterator.next()) {
        if (step.done) {
          this.#responses = undefined;
          this.#succeed();
          return;
        }
        await this.#send(this.#route.encode(step.value));
        if (this.#statusSent) return;
      }
    } catch (error) {
      this.#responses = undefined;
      this.#fail(error);
    }
  }

  #send(bytes: Buffer): Promise<void> {
    if (!this.#sending) this.#sendHeader();
    this.#sending = true;
    this.#route.metrics.sent();
    return new Promise((resolve) => {
      this.#taken = resolve;
      this.#hand(bytes, resolve);
    });
  }

  /** Gives the transport a message; it is ours to hold until it was taken, which a status does not change. */
  #hand(bytes: Buffer, onTaken: () => void): void {
    const connection = connectionOf(this.#base);
    const untaken = connection && this.#host.buffered.hold(connection, bytes.length, bytes);
    this.#untaken = untaken;
    this.#base.sendMessage(bytes, () => {
      untaken?.release();
      onTaken();
    });
  }

  #sendHeader(): void {
    const header = this.#context?.headerMetadata();
    if (header) this.#base.sendMetadata(header);
  }

  #succeed(): void {
    this.#finish({ code: 0, details: "", metadata: this.#context?.trailerMetadata() ?? null }, "");
  }

  #fail(error: unknown): void {
    if (this.#statusSent) return;
    const status = this.#host.toStatus(this.#end ?? error);
    this.#end ??= error instanceof Error ? error : new Error("the call failed", { cause: error });
    this.#finish(toGrpcStatus(status), status.reason);
  }

  /** grpc-js ends the call by itself: a passed deadline, an oversized message, a compression that it does not know. */
  #onLibraryStatus(status: PartialStatus): void {
    this.#fail(new EdgeError(libraryFault(status, { sending: this.#sending, maxBytes: this.#host.maxMessageBytes })));
  }

  #finish(status: PartialStatus, reason: string): void {
    if (this.#statusSent) return;
    this.#statusSent = true;
    this.#sendStatus(status);
    this.#record(Number(status.code), reason);
    this.#close();
  }

  /** The call is over, with or without a status: everybody who works for it hears it. */
  #close(): void {
    if (this.#over) return;
    this.#over = true;
    if (!this.#statusSent) {
      this.#statusSent = true;
      const { code, reason } = this.#host.toStatus(this.reason);
      this.#record(code, reason);
    }
    this.#requests?.break(this.reason);
    this.#context?.over(this);
    this.#taken?.();
    // What a handler says while it is let go concerns nobody any more.
    this.#responses?.return?.().catch(() => {});
    if (!this.#answering) this.#host.calls.leave(this);
  }

  #answered(): void {
    if (!this.#answering) return;
    this.#answering = false;
    if (this.#over) this.#host.calls.leave(this);
  }

  /** Why it ended. */
  get reason(): Error {
    this.#end ??= new EdgeError({ reason: "CANCELLED" });
    return this.#end;
  }

  #record(code: Code | 0, reason: string): void {
    const seconds = (this.#host.clock.monotonicMs() - this.#startedMs) / 1000;
    this.#route.metrics.ended(code, reason, seconds);
    this.#host.ended(this.#route.method, code, reason, seconds);
  }
}

function unreadable(detail: string): EdgeError {
  return new EdgeError({ reason: "REQUEST_UNREADABLE", detail });
}
