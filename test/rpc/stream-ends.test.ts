import { once } from "node:events";
import type { ClientHttp2Stream } from "node:http2";
import { constants } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import {
  type CallOptions,
  type ClientDuplexStream,
  credentials,
  Metadata,
  makeGenericClientConstructor,
} from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { type SessionRequest, SessionRequestSchema } from "../../gen/portolan/registry/v1/registry_pb.js";
import { DomainError } from "../../src/model/index.js";
import type { GrpcLimits } from "../../src/rpc/index.js";
import { caught } from "../support/caught.js";
import { deferred } from "../support/deferred.js";
import { type Edge, startEdge } from "../support/edge.js";
import { startProxy } from "../support/proxy.js";
import { frame, RawGrpc, statusOf } from "../support/raw-grpc.js";

const SESSION = "/portolan.registry.v1.RegistryService/Session";
const REQUEST = frame(toBinary(SessionRequestSchema, create(SessionRequestSchema, { requestId: 1n })));

/** How a bidi handler saw its requests end. */
type End = { readonly how: "half-closed"; readonly read: number } | { readonly how: "broken"; readonly error: unknown };

/** A server whose bidi handler echoes, and tells how its requests ended. */
async function startSessions(
  limits: Partial<GrpcLimits> = {},
): Promise<Edge & { readonly end: Promise<End>; readonly opened: Promise<void> }> {
  const end = deferred<End>();
  const opened = deferred();
  const edge = await startEdge(
    {
      async *bidi(requests: AsyncIterable<SessionRequest>, { signal }) {
        let read = 0;
        let how: End | undefined;
        try {
          for await (const { requestId } of requests) {
            read++;
            opened.resolve();
            yield { requestId };
          }
          how = { how: "half-closed", read };
        } finally {
          end.resolve(how ?? { how: "broken", error: signal.reason });
        }
      },
    },
    limits,
  );
  return Object.assign(edge, { end: end.promise, opened: opened.promise });
}

/** Opens a session by hand, and waits until the handler has read its first request. */
async function openSession(edge: { opened: Promise<void> }, raw: RawGrpc, headers = {}): Promise<ClientHttp2Stream> {
  const stream = raw.open(SESSION, headers);
  stream.write(REQUEST);
  stream.resume();
  await edge.opened;
  return stream;
}

/** The same by the library that most Node clients use. */
function openByLibrary(edge: Edge, options: CallOptions = {}): ClientDuplexStream<Buffer, Buffer> {
  const same = (bytes: Buffer) => bytes;
  const method = {
    path: SESSION,
    requestStream: true,
    responseStream: true,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  const Client = makeGenericClientConstructor({ session: method }, "Session");
  const client = new Client(`127.0.0.1:${edge.server.port}`, credentials.createInsecure());
  const call = client.makeBidiStreamRequest(SESSION, same, same, new Metadata(), options);
  call.on("error", () => client.close());
  call.write(REQUEST.subarray(5));
  return call;
}

describe("the requests of a session end", () => {
  test("when its client half-closes", async () => {
    await using edge = await startSessions();
    await using raw = new RawGrpc(edge.baseUrl);
    const stream = await openSession(edge, raw);
    const status = statusOf(stream);
    stream.write(REQUEST);
    stream.end();
    expect(await edge.end).toEqual({ how: "half-closed", read: 2 });
    expect(await status).toMatchObject({ code: 0 });
  });

  test("when its client half-closes without another request under way", async () => {
    await using edge = await startSessions();
    await using raw = new RawGrpc(edge.baseUrl);
    const stream = raw.open(SESSION);
    stream.end();
    expect(await edge.end).toEqual({ how: "half-closed", read: 0 });
    expect(await statusOf(stream)).toMatchObject({ code: 0 });
  });

  test("for each of many that half-close on one connection at once", async () => {
    const ends: Promise<string>[] = [];
    await using edge = await startEdge({
      async *bidi(requests: AsyncIterable<SessionRequest>) {
        const end = deferred<string>();
        ends.push(end.promise);
        try {
          for await (const { requestId } of requests) yield { requestId };
          end.resolve("half-closed");
        } catch (error) {
          end.resolve("broken");
          throw error;
        }
      },
    });
    await using raw = new RawGrpc(edge.baseUrl);
    const streams = Array.from({ length: 100 }, () => raw.open(SESSION));
    const statuses = Promise.all(streams.map(statusOf));
    for (const stream of streams) stream.end(REQUEST);
    expect(new Set((await statuses).map(({ code }) => code))).toEqual(new Set([0]));
    expect(await Promise.all(ends)).toEqual(Array(100).fill("half-closed"));
  });
});

describe("the requests of a session throw", () => {
  const resets = {
    CANCEL: constants.NGHTTP2_CANCEL,
    NO_ERROR: constants.NGHTTP2_NO_ERROR,
    REFUSED: constants.NGHTTP2_REFUSED_STREAM,
    INTERNAL: constants.NGHTTP2_INTERNAL_ERROR,
  };
  test.each(Object.entries(resets))("when its client resets the stream with %s", async (_, code) => {
    await using edge = await startSessions();
    await using raw = new RawGrpc(edge.baseUrl);
    const stream = await openSession(edge, raw);
    stream.close(code);
    expect(await edge.end).toMatchObject({ how: "broken", error: { fault: { reason: "CANCELLED" } } });
  });

  test("when its client half-closes and drops its connection without waiting for the end", async () => {
    await using edge = await startSessions();
    await using raw = new RawGrpc(edge.baseUrl);
    const stream = await openSession(edge, raw);
    stream.end(() => raw.session.destroy());
    expect(await edge.end).toMatchObject({ how: "broken" });
  });

  test("when a grpc-js client cancels", async () => {
    await using edge = await startSessions();
    const call = openByLibrary(edge);
    await edge.opened;
    call.cancel();
    expect(await edge.end).toMatchObject({ how: "broken" });
  });

  test("when a grpc-js client's own deadline passes", async () => {
    await using edge = await startSessions();
    openByLibrary(edge, { deadline: Date.now() + 100 });
    expect(await edge.end).toMatchObject({ how: "broken" });
  });

  test("when a Connect client aborts", async () => {
    await using edge = await startSessions();
    const stop = new AbortController();
    async function* requests() {
      yield { requestId: 1n };
      await once(stop.signal, "abort");
    }
    const call = caught(edge.registry.session(requests(), { signal: stop.signal }));
    await edge.opened;
    stop.abort();
    expect(await edge.end).toMatchObject({ how: "broken" });
    await call;
  });

  test("when its connection is destroyed", async () => {
    await using edge = await startSessions();
    await using raw = new RawGrpc(edge.baseUrl);
    await openSession(edge, raw);
    raw.socket.destroy();
    expect(await edge.end).toMatchObject({ how: "broken" });
  });

  test("when its connection ends with TCP's own half-close", async () => {
    await using edge = await startSessions();
    await using raw = new RawGrpc(edge.baseUrl);
    await openSession(edge, raw);
    raw.socket.end();
    expect(await edge.end).toMatchObject({ how: "broken" });
  });

  test("when its client says GOAWAY with an error and leaves", async () => {
    await using edge = await startSessions();
    await using raw = new RawGrpc(edge.baseUrl);
    await openSession(edge, raw);
    raw.session.goaway(constants.NGHTTP2_PROTOCOL_ERROR);
    raw.session.destroy();
    expect(await edge.end).toMatchObject({ how: "broken" });
  });

  test("when its deadline passes, which its client is told", async () => {
    await using edge = await startSessions();
    await using raw = new RawGrpc(edge.baseUrl);
    const stream = await openSession(edge, raw, { "grpc-timeout": "50m" });
    expect(await statusOf(stream)).toMatchObject({ code: Code.DeadlineExceeded, reason: "DEADLINE_EXCEEDED" });
    expect(await edge.end).toMatchObject({ how: "broken", error: { fault: { reason: "DEADLINE_EXCEEDED" } } });
  });

  test("when a request is garbage, which its client is told", async () => {
    await using edge = await startSessions();
    await using raw = new RawGrpc(edge.baseUrl);
    const stream = await openSession(edge, raw);
    const status = statusOf(stream);
    stream.write(frame(Buffer.from("\xff\xff\xff\xff", "latin1")));
    expect(await status).toMatchObject({ code: Code.InvalidArgument, reason: "REQUEST_UNREADABLE" });
    expect(await edge.end).toMatchObject({ how: "broken", error: { fault: { reason: "REQUEST_UNREADABLE" } } });
  });

  test("when its client half-closes within a message, which its client is told", async () => {
    await using edge = await startSessions();
    await using raw = new RawGrpc(edge.baseUrl);
    const stream = await openSession(edge, raw);
    const status = statusOf(stream);
    stream.end(REQUEST.subarray(0, 6));
    expect(await status).toMatchObject({ code: Code.InvalidArgument, reason: "REQUEST_UNREADABLE" });
    expect(await edge.end).toMatchObject({ how: "broken", error: { fault: { reason: "REQUEST_UNREADABLE" } } });
  });

  test("when the server ends the call, which its client is told", async () => {
    await using edge = await startSessions();
    await using raw = new RawGrpc(edge.baseUrl);
    const stream = await openSession(edge, raw);
    const status = statusOf(stream);
    const error = new DomainError({ reason: "SHUTTING_DOWN", retryAfterMs: 1_500 });
    edge.calls.end(error, ({ kind }) => kind === "bidi_streaming");
    expect(await status).toMatchObject({ code: Code.Unavailable, reason: "SHUTTING_DOWN" });
    expect(await edge.end).toEqual({ how: "broken", error });
  });

  test("when its client falls silent and does not answer keepalive", async () => {
    await using edge = await startSessions({ keepaliveTimeMs: 50, keepaliveTimeoutMs: 50 });
    await using proxy = await startProxy(edge.server.port);
    await using raw = new RawGrpc(proxy.baseUrl);
    await openSession(edge, raw);
    proxy.freeze();
    expect(await edge.end).toMatchObject({ how: "broken" });
  });

  test("when its connection has reached its greatest age and its grace", async () => {
    await using edge = await startSessions({ maxConnectionAgeMs: 50, maxConnectionAgeGraceMs: 50 });
    await using raw = new RawGrpc(edge.baseUrl);
    const goaway = once(raw.session, "goaway");
    await openSession(edge, raw);
    await goaway;
    expect(await edge.end).toMatchObject({ how: "broken" });
  });
});

describe("a session that its server ends", () => {
  test("lets the requests go that nobody reads any more", async () => {
    const rest = deferred<IteratorResult<unknown> | "broken">();
    await using edge = await startEdge({
      async *bidi(requests: AsyncIterable<SessionRequest>) {
        const iterator = requests[Symbol.asyncIterator]();
        await iterator.next();
        iterator.next().then(rest.resolve, () => rest.resolve("broken"));
        yield { requestId: 9n };
      },
    });
    await using raw = new RawGrpc(edge.baseUrl);
    const stream = raw.open(SESSION);
    const status = statusOf(stream);
    stream.write(REQUEST);
    expect(await status).toMatchObject({ code: 0 });
    expect(await rest.promise).toBe("broken");
    await edge.calls.empty();
  });
});
