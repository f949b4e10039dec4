import type { Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Server, ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { dropFarDeadline } from "../far-deadline.js";

/**
 * The places where we reach into grpc-js, because it has no public way. Each has a test that fails when an upgrade moves it.
 */

/**
 * True when a stream ended because it broke off.
 *
 * Why: node:http2 ends the readable side on a reset or a lost connection too, and grpc-js passes that on as a half-close.
 */
export function brokeOff(call: ServerInterceptingCallInterface): boolean {
  const stream = streamOf(call);
  return stream.destroyed || stream.closed;
}

/** True when what a client sent stops within a message: grpc-js takes that for a half-close. */
export function stopsWithinMessage(call: ServerInterceptingCallInterface): boolean {
  const decoder: unknown = Reflect.get(call, "decoder");
  if (typeof decoder !== "object" || decoder === null || !("readState" in decoder))
    throw new Error("grpc-js keeps the state of a half-read message elsewhere now");
  return decoder.readState !== 0;
}

/** The connection that a call came on; undefined when it is gone. */
export function connectionOf(call: ServerInterceptingCallInterface): Http2Session | undefined {
  return streamOf(call).session;
}

function streamOf(call: ServerInterceptingCallInterface): ServerHttp2Stream {
  const stream: unknown = Reflect.get(call, "stream");
  if (stream === undefined) throw new Error("grpc-js keeps a call's stream elsewhere now");
  return stream as ServerHttp2Stream;
}

/** Has `handlerFor` asked for a handler where the server has none, so that an unknown method is a call like others. */
export function setFallbackHandler(server: Server, handlerFor: (path: string) => unknown): void {
  const handlers: unknown = Reflect.get(server, "handlers");
  if (!(handlers instanceof Map)) throw new Error("grpc-js keeps its handlers elsewhere now");
  const known = handlers.get.bind(handlers);
  handlers.get = (path: string) => known(path) ?? handlerFor(path);
}

/** Has a deadline beyond what timers can wait out count as none. Call it before the server has its connections. */
export function allowFarDeadlines(server: Server): void {
  const handle: unknown = Reflect.get(server, "_streamHandler");
  if (typeof handle !== "function") throw new Error("grpc-js takes its calls elsewhere now");
  Reflect.set(server, "_streamHandler", (interceptors: unknown, stream: unknown, headers: IncomingHttpHeaders) => {
    dropFarDeadline(headers);
    Reflect.apply(handle, server, [interceptors, stream, headers]);
  });
}

/** Bounds the bytes of a call's headers. Call it before the server has its connections. */
export function limitHeaders(server: Server, maxBytes: number): void {
  const options: unknown = Reflect.get(server, "commonServerOptions");
  if (typeof options !== "object" || options === null)
    throw new Error("grpc-js keeps its HTTP/2 options elsewhere now");
  const settings: unknown = Reflect.get(options, "settings");
  Reflect.set(options, "settings", { ...(settings as object | undefined), maxHeaderListSize: maxBytes });
}
