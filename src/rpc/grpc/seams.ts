import type { Http2Session, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
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
  return decoderOf(call).readState !== 0;
}

/** The connection that a call came on; undefined when it is gone. */
export function connectionOf(call: ServerInterceptingCallInterface): Http2Session | undefined {
  return streamOf(call).session;
}

/** Calls `listener` once when the stream of a call is gone: everything that was to be sent is sent by then, or never will be. */
export function onClosed(call: ServerInterceptingCallInterface, listener: () => void): void {
  streamOf(call).once("close", listener);
}

/** Calls `listener` when bytes of a request came, after they were put to what came before. */
export function onData(call: ServerInterceptingCallInterface, listener: () => void): void {
  const decoder = decoderOf(call);
  const write = decoder.write.bind(decoder);
  decoder.write = (bytes) => {
    const messages = write(bytes);
    listener();
    return messages;
  };
}

/** How many bytes of a message are here whose end has not come. */
export function partialBytes(call: ServerInterceptingCallInterface): number {
  const { readState, readMessageSize, readMessageRemaining } = decoderOf(call);
  return readState === 0 ? 0 : readMessageSize - readMessageRemaining;
}

/** Calls `listener` when a message was asked for. */
export function onRead(call: ServerInterceptingCallInterface, listener: () => void): void {
  const startRead = call.startRead.bind(call);
  call.startRead = () => {
    startRead();
    listener();
  };
}

/** True when this compressed message is the one that was asked for. */
export function waitsFor(call: ServerInterceptingCallInterface, message: Buffer): boolean {
  const queue: unknown = Reflect.get(call, "readQueue");
  if (!Array.isArray(queue)) throw new Error("grpc-js keeps what it has read elsewhere now");
  return Reflect.get(call, "isReadPending") === true && queue[0]?.compressedMessage === message;
}

/** Has `unpack` unpack the messages of a call; where it answers undefined, grpc-js does. */
export function setDecompression(
  call: ServerInterceptingCallInterface,
  unpack: (message: Buffer, encoding: string) => Promise<Buffer> | undefined,
): void {
  const theirs: unknown = Reflect.get(call, "decompressMessage");
  if (typeof theirs !== "function") throw new Error("grpc-js unpacks messages elsewhere now");
  Reflect.set(
    call,
    "decompressMessage",
    (message: Buffer, encoding: string) =>
      unpack(message, encoding) ?? Reflect.apply(theirs, call, [message, encoding]),
  );
}

/**
 * Has a call send what it is given as it is: messages that have their frame.
 *
 * Why: grpc-js copies each message to put its frame before it, so that a message of many watches would lie in memory once for
 * each of them that is slow to read.
 */
export function sendAsGiven(call: ServerInterceptingCallInterface): void {
  if (typeof Reflect.get(call, "serializeMessage") !== "function")
    throw new Error("grpc-js frames messages elsewhere now");
  Reflect.set(call, "serializeMessage", (framed: Buffer) => framed);
}

/** How grpc-js reads messages out of a stream's bytes. */
interface Decoder {
  write(bytes: Buffer): Buffer[];
  readonly readState: number;
  readonly readMessageSize: number;
  readonly readMessageRemaining: number;
}

function decoderOf(call: ServerInterceptingCallInterface): Decoder {
  const decoder: unknown = Reflect.get(call, "decoder");
  if (typeof decoder !== "object" || decoder === null || !("readState" in decoder && "readMessageRemaining" in decoder))
    throw new Error("grpc-js keeps the state of a half-read message elsewhere now");
  return decoder as Decoder;
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

/** Calls `listener` with each connection. Call it before the server has its connections. */
export function onConnection(server: Server, listener: (session: ServerHttp2Session) => void): void {
  const handlerFor: unknown = Reflect.get(server, "_sessionHandler");
  if (typeof handlerFor !== "function") throw new Error("grpc-js takes its connections elsewhere now");
  Reflect.set(server, "_sessionHandler", (http2Server: unknown) => {
    const handle: unknown = Reflect.apply(handlerFor, server, [http2Server]);
    if (typeof handle !== "function") throw new Error("grpc-js takes its connections in another way now");
    return (session: ServerHttp2Session) => {
      Reflect.apply(handle, server, [session]);
      listener(session);
    };
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
