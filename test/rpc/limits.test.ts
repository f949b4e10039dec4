import { once } from "node:events";
import { type ClientHttp2Stream, constants } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { WatchResponseSchema } from "../../gen/portolan/discovery/v1/discovery_pb.js";
import { shared } from "../../src/rpc/index.js";
import { caught } from "../support/caught.js";
import { deferred } from "../support/deferred.js";
import { type Edge, startEdge } from "../support/edge.js";
import { frame, RawGrpc, statusOf } from "../support/raw-grpc.js";

const GET_SERVICE = "/portolan.registry.v1.RegistryService/GetService";
const WATCH = "/portolan.discovery.v1.DiscoveryService/Watch";
const REPORT = "/portolan.telemetry.v1.TelemetryService/ReportCalls";

/** The server still answers. */
async function servesOn(edge: Edge): Promise<void> {
  expect(await edge.registry.getService({})).toBeDefined();
}

/** A call that is sent whole. */
function call(raw: RawGrpc, path: string, bytes: Uint8Array, headers: Record<string, string> = {}): ClientHttp2Stream {
  const stream = raw.open(path, headers);
  stream.end(bytes);
  return stream;
}

describe("bad input", () => {
  const garbage = frame(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x07]));
  test.each([
    ["garbage instead of a unary request", GET_SERVICE, garbage, {}, Code.InvalidArgument, "REQUEST_UNREADABLE"],
    ["garbage instead of a watch's request", WATCH, garbage, {}, Code.InvalidArgument, "REQUEST_UNREADABLE"],
    ["garbage in a client stream", REPORT, garbage, {}, Code.InvalidArgument, "REQUEST_UNREADABLE"],
    ["no message where one is due", GET_SERVICE, Buffer.alloc(0), {}, Code.InvalidArgument, "REQUEST_UNREADABLE"],
    [
      "two messages where one is due",
      GET_SERVICE,
      Buffer.concat([frame(Buffer.alloc(0)), frame(Buffer.alloc(0))]),
      {},
      Code.InvalidArgument,
      "REQUEST_UNREADABLE",
    ],
    [
      "damaged compression",
      GET_SERVICE,
      frame(Buffer.from("nonsense"), true),
      { "grpc-encoding": "gzip" },
      Code.InvalidArgument,
      "REQUEST_UNREADABLE",
    ],
    [
      "an unknown compression",
      GET_SERVICE,
      frame(Buffer.from("x"), true),
      { "grpc-encoding": "lz4" },
      Code.Unimplemented,
      "ENCODING_UNSUPPORTED",
    ],
    [
      "a deadline that is none",
      GET_SERVICE,
      frame(Buffer.alloc(0)),
      { "grpc-timeout": "soon" },
      Code.InvalidArgument,
      "REQUEST_UNREADABLE",
    ],
    [
      "an unknown method",
      "/portolan.registry.v1.RegistryService/Nope",
      frame(Buffer.alloc(0)),
      {},
      Code.Unimplemented,
      "UNIMPLEMENTED",
    ],
    [
      "an unknown service",
      `/${"x".repeat(5_000)}/Nope`,
      frame(Buffer.alloc(0)),
      {},
      Code.Unimplemented,
      "UNIMPLEMENTED",
    ],
  ])("%s is refused with its reason, and the server serves on", async (_, path, bytes, headers, code, reason) => {
    await using edge = await startEdge({ clientStream: drained });
    await using raw = new RawGrpc(edge.baseUrl);
    expect(await statusOf(call(raw, path, bytes, headers as Record<string, string>))).toMatchObject({ code, reason });
    await servesOn(edge);
  });

  test("a call that says it is no gRPC is refused, and the server serves on", async () => {
    await using edge = await startEdge({});
    await using raw = new RawGrpc(edge.baseUrl);
    const stream = raw.open(GET_SERVICE, { "content-type": "text/html" });
    const [headers] = await once(stream, "response");
    expect(headers[":status"]).toBe(415);
    await servesOn(edge);
  });

  test.each([
    ["HTTP/1.1", "GET / HTTP/1.1\r\nhost: x\r\n\r\n"],
    ["nonsense", "\x16\x03\x01 hello there, who are you?\r\n\r\n\r\n"],
  ])("%s on the gRPC port is hung up on, and the server serves on", async (_, text) => {
    await using edge = await startEdge({});
    const socket = connectTcp(edge.server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(text);
    socket.resume();
    await once(socket, "close");
    await servesOn(edge);
  });

  test("a message cut off in the middle is nobody's call, and the server serves on", async () => {
    await using edge = await startEdge({});
    await using raw = new RawGrpc(edge.baseUrl);
    const stream = raw.open(GET_SERVICE);
    stream.write(frame(Buffer.alloc(100)).subarray(0, 50));
    await pinged(raw);
    raw.socket.destroy();
    await edge.calls.empty();
    await servesOn(edge);
  });
});

describe("max-message-bytes", () => {
  test.each([
    ["a larger message", frame(Buffer.alloc(70_000)), {}],
    ["a small message that grows larger", frame(gzipSync(Buffer.alloc(1_000_000)), true), { "grpc-encoding": "gzip" }],
    ["an announced giant", Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1]), {}],
  ])("refuses %s", async (_, bytes, headers) => {
    await using edge = await startEdge({}, { maxMessageBytes: 65_536 });
    await using raw = new RawGrpc(edge.baseUrl);
    const status = await statusOf(call(raw, GET_SERVICE, bytes, headers as Record<string, string>));
    expect(status).toMatchObject({ code: Code.ResourceExhausted, reason: "MESSAGE_TOO_LARGE" });
    await servesOn(edge);
  });

  test("takes a message of exactly that size", async () => {
    await using edge = await startEdge(
      { unary: ({ name }) => ({ revision: BigInt(name.length) }) },
      { maxMessageBytes: 65_536 },
    );
    const name = "x".repeat(65_536 - 4);
    expect((await edge.registry.getService({ name })).revision).toBe(BigInt(name.length));
  });
});

describe("max-buffered-bytes", () => {
  const limits = { maxBufferedBytes: 1024 * 1024 };
  const large = { unary: () => ({ service: { description: "x".repeat(100_000) } }) };

  test("closes the connection that reads no answers, and the others are served on", async () => {
    await using edge = await startEdge(large, limits);
    await using raw = new RawGrpc(edge.baseUrl);
    raw.session.settings({ initialWindowSize: 0 });
    await pinged(raw);
    for (let n = 0; n < 20; n++) call(raw, GET_SERVICE, frame(Buffer.alloc(0))).pause();
    await until(() => edge.logged.some((line) => line.includes("closed the connection that has us hold the most")));
    await until(() => edge.server.connections === 0);
    await edge.calls.empty();
    await servesOn(edge);
    expect(edge.buffered.total).toBe(0);
  });

  test("closes the connection whose messages never come to their end, and the others are served on", async () => {
    await using edge = await startEdge({ clientStream: drained }, limits);
    await using raw = new RawGrpc(edge.baseUrl);
    const most = frame(Buffer.alloc(100_000)).subarray(0, -1);
    for (let n = 0; n < 20; n++) raw.open(n % 2 ? GET_SERVICE : REPORT).write(most);
    await until(() => edge.logged.some((line) => line.includes("closed the connection that has us hold the most")));
    await until(() => edge.server.connections === 0);
    await edge.calls.empty();
    await servesOn(edge);
    expect(edge.buffered.total).toBe(0);
  });

  test("counts an answer until it was read, and its call goes on until then", async () => {
    await using edge = await startEdge(large, limits);
    await using raw = new RawGrpc(edge.baseUrl);
    raw.session.settings({ initialWindowSize: 0 });
    await pinged(raw);
    call(raw, GET_SERVICE, frame(Buffer.alloc(0))).pause();
    await until(() => edge.buffered.total > 0);
    expect(edge.buffered.total).toBeGreaterThan(100_000);
    expect(edge.calls.size).toBe(1); // so that a stop waits for it
  });

  test("counts nothing once answers are read and messages are whole", async () => {
    await using edge = await startEdge({ ...large, clientStream: drained }, limits);
    for (let n = 0; n < 30; n++) await edge.registry.getService({});
    await using raw = new RawGrpc(edge.baseUrl);
    const stream = raw.open(REPORT);
    const message = frame(Buffer.concat([Buffer.from([0x0a, 0xa0, 0x8d, 6]), Buffer.alloc(100_000, 0x0a)]));
    for (let at = 0; at < message.length; at += 10_000) stream.write(message.subarray(at, at + 10_000));
    stream.end();
    await statusOf(stream);
    await until(() => edge.buffered.total === 0);
  });

  test("lets many watches send one large message at once: it lies in memory once", async () => {
    const message = shared(create(WatchResponseSchema, { updates: [{ removed: ["x".repeat(200_000)] }] }));
    await using edge = await startEdge(
      {
        async *serverStream() {
          yield message;
        },
      },
      limits,
    );
    await using raw = new RawGrpc(edge.baseUrl);
    raw.session.settings({ initialWindowSize: 0 });
    await pinged(raw);
    const streams = Array.from({ length: 50 }, () => call(raw, WATCH, frame(Buffer.alloc(0))));
    for (const stream of streams) stream.pause();
    await until(() => edge.buffered.total > 200_000);
    await Promise.all(streams.map((stream) => once(stream, "response")));
    expect(edge.buffered.total).toBeLessThan(300_000);
    expect(raw.session.destroyed).toBe(false);
  });
});

test("compressed messages that nobody has asked for stay packed, and are counted until they are", async () => {
  const hold = deferred();
  const first = deferred();
  await using edge = await startEdge({
    async clientStream(requests) {
      for await (const _ of requests) {
        first.resolve();
        await hold.promise;
      }
      return {};
    },
  });
  await using raw = new RawGrpc(edge.baseUrl);
  const one = frame(gzipSync(Buffer.from([0x1a, 0])), true);
  const stream = call(raw, REPORT, Buffer.concat([one, one, one]), { "grpc-encoding": "gzip" });
  const status = statusOf(stream);
  await first.promise;
  // Others have been unpacked meanwhile: these two would have been, too.
  const empty = frame(gzipSync(Buffer.alloc(0)), true);
  for (let n = 0; n < 8; n++) await statusOf(call(raw, GET_SERVICE, empty, { "grpc-encoding": "gzip" }));
  expect(edge.buffered.total).toBe(2 * one.length);
  hold.resolve();
  expect(await status).toMatchObject({ code: 0 });
  expect(edge.buffered.total).toBe(0);
});

test("compressed messages of one stream are unpacked in their order, each when it is asked for", async () => {
  const sizes: number[] = [];
  await using edge = await startEdge({
    async clientStream(requests) {
      for await (const { stats } of requests as AsyncIterable<{ readonly stats: unknown[] }>) sizes.push(stats.length);
      return {};
    },
  });
  await using raw = new RawGrpc(edge.baseUrl);
  const messages = Array.from({ length: 50 }, (_, n) =>
    Buffer.concat(Array.from({ length: n }, () => Buffer.from([0x1a, 0]))),
  );
  const bytes = messages.map((message, n) => (n % 3 === 0 ? frame(message) : frame(gzipSync(message), true)));
  expect(await statusOf(call(raw, REPORT, Buffer.concat(bytes), { "grpc-encoding": "gzip" }))).toMatchObject({
    code: 0,
  });
  expect(sizes).toEqual(messages.map((_, n) => n));
});

test.each([["4 MiB of empty entries", Buffer.concat(Array.from({ length: 2_000_000 }, () => Buffer.from([0x1a, 0])))]])(
  "max-message-parts refuses %s at once, and the server serves on",
  async (_, bytes) => {
    await using edge = await startEdge({ clientStream: drained }, { maxMessageParts: 10_000 });
    await using raw = new RawGrpc(edge.baseUrl);
    const status = await statusOf(call(raw, REPORT, frame(bytes)));
    expect(status).toMatchObject({ code: Code.ResourceExhausted, reason: "MESSAGE_TOO_LARGE" });
    expect(status.message).toContain("10000 entries");
    await servesOn(edge);
  },
);

test("max-header-bytes refuses the call, and the server serves on", async () => {
  await using edge = await startEdge({}, { maxHeaderBytes: 8_192 });
  await using raw = new RawGrpc(edge.baseUrl);
  await once(raw.session, "remoteSettings");
  await pinged(raw);
  const status = await statusOf(call(raw, GET_SERVICE, frame(Buffer.alloc(0)), { "x-large": "x".repeat(20_000) }));
  expect(status.message).toBe(`closed with ${constants.NGHTTP2_ENHANCE_YOUR_CALM}`);
  await servesOn(edge);
});

test("max-streams-per-connection holds further calls back, and another connection has its own", async () => {
  const hold = deferred();
  let inside = 0;
  await using edge = await startEdge(
    {
      unary: async ({ name }) => {
        if (name !== "hold") return {};
        inside++;
        await hold.promise;
        return {};
      },
    },
    { maxStreamsPerConnection: 5 },
  );
  await using raw = new RawGrpc(edge.baseUrl);
  await once(raw.session, "remoteSettings");
  const name = Buffer.concat([Buffer.from([0x12, 4]), Buffer.from("hold")]);
  const statuses = Array.from({ length: 8 }, () => statusOf(call(raw, GET_SERVICE, frame(name))));
  await pinged(raw);
  expect(inside).toBe(5);
  await servesOn(edge);
  hold.resolve();
  expect((await Promise.all(statuses)).filter(({ code }) => code === 0).length).toBeGreaterThanOrEqual(5);
});

test("max-connections hangs up on further connections, and takes new ones when old ones leave", async () => {
  await using edge = await startEdge({}, { maxConnections: 3 });
  const open = () => connectTcp(edge.server.port, "127.0.0.1");
  const sockets: Socket[] = [open(), open(), open()];
  await Promise.all(sockets.map((socket) => once(socket, "data")));
  const refused = open();
  refused.on("error", () => {});
  refused.resume();
  await once(refused, "close");
  expect(edge.server.connections).toBe(3);
  for (const socket of sockets) socket.destroy();
  await until(() => edge.server.connections === 0);
  await servesOn(edge);
});

test("connections for which there are no files are hung up on, and there is room again when old ones leave", async () => {
  await using edge = await startEdge({}, { maxConnectionsTogether: 2 });
  const open = () => connectTcp(edge.server.port, "127.0.0.1");
  const sockets: Socket[] = [open(), open()];
  await Promise.all(sockets.map((socket) => once(socket, "data")));
  const refused = open();
  refused.on("error", () => {});
  refused.resume();
  await once(refused, "close");
  for (const socket of sockets) socket.destroy();
  await until(() => edge.server.connections === 0);
  await servesOn(edge);
});

test("a connection that never says hello is closed by keepalive", async () => {
  await using edge = await startEdge({}, { keepaliveTimeMs: 50, keepaliveTimeoutMs: 50 });
  const socket = connectTcp(edge.server.port, "127.0.0.1");
  socket.on("error", () => {});
  socket.resume();
  await new Promise((resolve) => socket.once("close", resolve));
  await until(() => edge.server.connections === 0);
  await servesOn(edge);
});

test("max-connection-age asks a connection to leave without breaking its calls", async () => {
  const hold = deferred();
  const entered = deferred();
  const handler = async () => {
    entered.resolve();
    await hold.promise;
    return { revision: 5n };
  };
  await using edge = await startEdge({ unary: handler }, { maxConnectionAgeMs: 50, maxConnectionAgeGraceMs: 10_000 });
  await using raw = new RawGrpc(edge.baseUrl);
  const goaway = once(raw.session, "goaway");
  const status = statusOf(call(raw, GET_SERVICE, frame(Buffer.alloc(0))));
  await entered.promise;
  const [code] = await goaway;
  expect(code).toBe(constants.NGHTTP2_NO_ERROR);
  hold.resolve();
  expect(await status).toMatchObject({ code: 0 });
});

test("thousands of streams opened and cancelled leave nothing behind", async () => {
  let ended = 0;
  await using edge = await startEdge({
    async *serverStream(_, { signal }) {
      try {
        yield { revision: 1n };
        await once(signal, "abort").catch(() => {});
      } finally {
        ended++;
      }
    },
  });
  for (let round = 0; round < 10; round++) {
    // A connection of its own each: HTTP/2 hangs up on one that resets more than 1,000 streams in a burst.
    await using raw = new RawGrpc(edge.baseUrl);
    const streams = Array.from({ length: 300 }, () => call(raw, WATCH, frame(Buffer.alloc(0))));
    await Promise.all(streams.map((stream) => once(stream, "response")));
    expect(edge.calls.size).toBe(300);
    for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
    await edge.calls.empty();
  }
  expect(ended).toBe(3_000);
  await servesOn(edge);
});

test("streams reset before they are read leave nothing behind", async () => {
  await using edge = await startEdge({ clientStream: drained });
  await using raw = new RawGrpc(edge.baseUrl);
  for (let i = 0; i < 800; i++) raw.open(i % 2 ? GET_SERVICE : REPORT).close(constants.NGHTTP2_CANCEL);
  await pinged(raw);
  await edge.calls.empty();
  await servesOn(edge);
});

test("a call that begins while the server stops is refused with RetryInfo's reason", async () => {
  await using edge = await startEdge({});
  const { DomainError } = await import("../../src/model/index.js");
  edge.calls.refuse(new DomainError({ reason: "SHUTTING_DOWN", retryAfterMs: 1_000 }));
  const error = await caught(edge.registry.getService({}));
  expect(error.code).toBe(Code.Unavailable);
});

async function drained(requests: AsyncIterable<unknown>) {
  for await (const _ of requests);
  return {};
}

/** Everything that was under way when it was called has arrived when it resolves. */
async function pinged(raw: RawGrpc): Promise<void> {
  if (raw.session.connecting) await once(raw.session, "connect");
  for (let round = 0; round < 3; round++) {
    await new Promise<void>((resolve, reject) => raw.session.ping((error) => (error ? reject(error) : resolve())));
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
