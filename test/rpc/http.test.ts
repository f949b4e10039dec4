import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { connect as connectTcp } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { describe, expect, test, vi } from "vitest";
import { DiscoveryService } from "../../gen/portolan/discovery/v1/discovery_pb.js";
import { RegistryService, SessionRequestSchema } from "../../gen/portolan/registry/v1/registry_pb.js";
import { caught, fieldsOf, reasonOf } from "../support/caught.js";
import { deferred } from "../support/deferred.js";
import { FakeClock } from "../support/fake-clock.js";
import { startPlane } from "../support/plane.js";
import { startProxy } from "../support/proxy.js";
import { frame, RawGrpc, statusOf } from "../support/raw-grpc.js";

const INSTANCE = { service: "checkout", id: "a", endpoints: [{ host: "10.0.0.1", port: 8080 }] };

/** Every way to speak to the HTTP port. */
const TRANSPORTS: readonly (readonly [string, (baseUrl: string) => Transport])[] = [
  ["Connect over HTTP/1.1", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" })],
  [
    "Connect with JSON over HTTP/1.1",
    (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
  ],
  ["Connect over HTTP/2", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" })],
  ["gRPC-Web over HTTP/1.1", (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
  ["gRPC over HTTP/2", (baseUrl) => createGrpcTransport({ baseUrl })],
];

describe.each(TRANSPORTS)("%s", (_, transportTo) => {
  test("registers, lists and watches", async () => {
    await using plane = await startPlane();
    const transport = transportTo(plane.httpUrl);
    const registry = createClient(RegistryService, transport);
    await registry.register({ instance: INSTANCE });
    expect((await registry.listInstances({ service: "checkout" })).instances).toMatchObject([{ id: "a" }]);
    const stop = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      const watch = createClient(DiscoveryService, transport).watch(
        { targets: [{ service: "checkout" }] },
        { signal: stop.signal },
      );
      for await (const { updates } of watch) {
        seen.push(...updates.flatMap(({ put }) => put.map(({ instance }) => instance?.id ?? "")));
        if (seen.length === 1) await registry.register({ instance: { ...INSTANCE, id: "b" } });
        if (seen.length === 2) stop.abort();
      }
    })();
    expect((await caught(watching)).code).toBe(Code.Canceled);
    expect(seen).toEqual(["a", "b"]);
  });

  test("tells errors with the same details as gRPC", async () => {
    await using plane = await startPlane();
    const registry = createClient(RegistryService, transportTo(plane.httpUrl));
    const request = { instance: { ...INSTANCE, service: "No", endpoints: [{ host: "10.0.0.1", port: 70_000 }] } };
    const byHttp = await caught(registry.register(request));
    const byGrpc = await caught(plane.registry.register(request));
    expect(fieldsOf(byHttp)).toEqual(["instance.service", "instance.endpoints[0].port"]);
    expect(fieldsOf(byHttp)).toEqual(fieldsOf(byGrpc));
    expect([byHttp.code, reasonOf(byHttp), byHttp.rawMessage]).toEqual([
      byGrpc.code,
      reasonOf(byGrpc),
      byGrpc.rawMessage,
    ]);
  });
});

describe("a session over HTTP/2", () => {
  test("that half-closes deregisters its instances", async () => {
    await using plane = await startPlane();
    const registry = createClient(RegistryService, createGrpcTransport({ baseUrl: plane.httpUrl }));
    const registered = deferred();
    async function* requests() {
      yield { requestId: 1n, request: { case: "open" as const, value: { client: "test" } } };
      yield { requestId: 2n, request: { case: "register" as const, value: { instance: INSTANCE } } };
      await registered.promise;
    }
    for await (const { response } of registry.session(requests()))
      if (response.case === "committed") registered.resolve();
    expect((await plane.registry.listInstances({ service: "checkout" })).instances).toEqual([]);
  });

  test("that is cancelled leaves its instances for its TTL", async () => {
    await using plane = await startPlane();
    const registry = createClient(RegistryService, createGrpcTransport({ baseUrl: plane.httpUrl }));
    const stop = new AbortController();
    async function* requests() {
      yield { requestId: 1n, request: { case: "open" as const, value: { client: "test" } } };
      yield { requestId: 2n, request: { case: "register" as const, value: { instance: INSTANCE } } };
      await once(stop.signal, "abort");
    }
    const session = (async () => {
      for await (const { response } of registry.session(requests(), { signal: stop.signal })) {
        if (response.case === "committed") stop.abort();
      }
    })();
    await caught(session);
    await plane.app.calls.empty();
    expect((await plane.registry.listInstances({ service: "checkout" })).instances).toMatchObject([{ id: "a" }]);
  });
});

const SESSION = "/portolan.registry.v1.RegistryService/Session";
const OPEN = frame(
  toBinary(SessionRequestSchema, create(SessionRequestSchema, { requestId: 1n, request: { case: "open", value: {} } })),
);

describe("a session over HTTP/2 is broken", () => {
  test.each([
    ["before its first request", Buffer.alloc(0)],
    ["while it is open", OPEN],
  ])("by the end of its connection, %s", async (_, sent) => {
    await using plane = await startPlane();
    await using raw = new RawGrpc(plane.httpUrl);
    raw.open(SESSION).write(sent);
    await vi.waitUntil(() => plane.app.calls.size === 1);
    raw.socket.end();
    await plane.app.calls.empty();
    expect(await plane.admin.getInfo({})).toMatchObject({ sessions: 0 });
  });

  test("when its client falls silent and does not answer keepalive", async () => {
    await using plane = await startPlane({ flags: { "keepalive-time": "1s", "keepalive-timeout": "100ms" } });
    await using proxy = await startProxy(Number(new URL(plane.httpUrl).port));
    await using raw = new RawGrpc(proxy.baseUrl);
    const stream = raw.open(SESSION);
    stream.write(OPEN);
    await once(stream, "data");
    proxy.freeze();
    await plane.app.calls.empty();
    expect(await plane.admin.getInfo({})).toMatchObject({ sessions: 0 });
  });

  test("not by keepalive that is answered", async () => {
    const clock = new FakeClock();
    await using plane = await startPlane({ clock });
    await using raw = new RawGrpc(plane.httpUrl);
    const stream = raw.open(SESSION);
    const status = statusOf(stream);
    stream.write(OPEN);
    await once(stream, "data");
    for (let round = 0; round < 3; round++) {
      const pinged = once(raw.session, "ping");
      clock.advance(20_000);
      await pinged;
      await new Promise((resolve) => raw.session.ping(resolve));
    }
    stream.end();
    expect(await status).toMatchObject({ code: 0 });
  });

  test("by its deadline, which its client is told, although it says nothing", async () => {
    await using plane = await startPlane();
    await using raw = new RawGrpc(plane.httpUrl);
    const stream = raw.open(SESSION, { "grpc-timeout": "50m" });
    stream.write(OPEN);
    expect(await statusOf(stream)).toMatchObject({ code: Code.DeadlineExceeded, reason: "DEADLINE_EXCEEDED" });
  });
});

test("a deadline that is further away than timers reach is none", async () => {
  await using plane = await startPlane();
  await using raw = new RawGrpc(plane.httpUrl);
  const stream = raw.open(SESSION, { "grpc-timeout": "720H" });
  const status = statusOf(stream);
  stream.write(OPEN);
  await once(stream, "data");
  stream.end();
  expect(await status).toMatchObject({ code: 0 });
});

test.each([SESSION, "/portolan.telemetry.v1.TelemetryService/ReportCalls"])(
  "what a client sends wrong in %s is told as the client's fault",
  async (path) => {
    await using plane = await startPlane({ flags: { "max-message-bytes": "64KiB" } });
    await using raw = new RawGrpc(plane.httpUrl);
    const statuses = [frame(Buffer.of(0xff, 0xff)), Buffer.of(0, 0xff, 0xff, 0xff, 0xff, 1)].map((bytes) => {
      const stream = raw.open(path);
      stream.write(bytes);
      return statusOf(stream);
    });
    expect(await Promise.all(statuses)).toMatchObject([
      { code: Code.InvalidArgument, reason: "REQUEST_UNREADABLE" },
      { code: Code.ResourceExhausted, reason: "MESSAGE_TOO_LARGE" },
    ]);
  },
);

test.each(["application/grpc-web+json", "application/connect+json", "application/json"])(
  "a text that no header can hold, in %s, is told as the client's fault and does not leave him waiting",
  async (type) => {
    await using plane = await startPlane();
    const text = Buffer.from('"\\ud800"');
    const response = await fetch(`${plane.httpUrl}/portolan.registry.v1.RegistryService/GetService`, {
      method: "POST",
      headers: { "content-type": type },
      body: type === "application/json" ? text : frame(text),
      signal: AbortSignal.timeout(10_000),
    });
    expect([400, 415]).toContain(response.status);
    await response.arrayBuffer();
  },
);

describe("plain HTTP", () => {
  test("takes JSON as curl sends it", async () => {
    await using plane = await startPlane();
    const response = await fetch(`${plane.httpUrl}/portolan.registry.v1.RegistryService/Register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ instance: INSTANCE, ttl: "60s" }),
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ instance: { id: "a", health: "HEALTH_SERVING" }, revision: "1" });
  });

  test("/healthz is 200 while serving, with the revision", async () => {
    await using plane = await startPlane();
    await plane.registry.register({ instance: INSTANCE });
    const response = await fetch(`${plane.httpUrl}/healthz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "SERVING", revision: "1", writable: true, expiryPaused: false });
  });

  test("/metrics is Prometheus text with the calls that were made", async () => {
    await using plane = await startPlane();
    await plane.registry.register({ instance: INSTANCE });
    const response = await fetch(`${plane.httpUrl}/metrics`);
    expect(response.headers.get("content-type")).toContain("text/plain");
    const text = await response.text();
    expect(text).toMatch(/portolan_rpc_handled_calls_total\{port="grpc",[^}]*method="Register",code="OK"\} 1/);
    expect(text).toMatch(/portolan_eventloop_delay_seconds\{quantile="0.99"\} \d/);
    expect(text).toMatch(/portolan_store_durable_revision 1/);
  });

  test("anything else is 404 and says what there is", async () => {
    await using plane = await startPlane();
    const response = await fetch(`${plane.httpUrl}/nowhere`);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: "nothing here: see /healthz and /metrics" });
  });

  test("a body above the limit is RESOURCE_EXHAUSTED, and the server serves on", async () => {
    await using plane = await startPlane({ flags: { "max-message-bytes": "64KiB" } });
    const response = await fetch(`${plane.httpUrl}/portolan.registry.v1.RegistryService/Register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ instance: { ...INSTANCE, version: "x".repeat(100_000) } }),
    });
    expect(await response.json()).toMatchObject({ code: "resource_exhausted" });
    expect((await fetch(`${plane.httpUrl}/healthz`)).status).toBe(200);
  });

  test("a body that is announced holds no memory before it comes", async () => {
    await using plane = await startPlane();
    const port = Number(new URL(plane.httpUrl).port);
    const before = process.memoryUsage().arrayBuffers;
    const head = `POST /portolan.registry.v1.RegistryService/GetService HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n`;
    const sockets = Array.from({ length: 100 }, () => connectTcp(port, "127.0.0.1"));
    for (const socket of sockets) socket.write(`${head}content-length: 4000000\r\n\r\n{`);
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    for (let n = 0; n < 5; n++) await (await fetch(`${plane.httpUrl}/healthz`)).text();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
    for (const socket of sockets) socket.destroy();
  });

  test("a watch ends when its client is gone", async () => {
    await using plane = await startPlane();
    const { port } = new URL(plane.httpUrl);
    const socket = connectTcp(Number(port), "127.0.0.1");
    const body = JSON.stringify({ targets: [{ service: "checkout" }] });
    const envelope = Buffer.alloc(5);
    envelope.writeUInt32BE(body.length, 1);
    socket.write(
      `POST /portolan.discovery.v1.DiscoveryService/Watch HTTP/1.1\r\nhost: x\r\ncontent-type: application/connect+json\r\n` +
        `content-length: ${body.length + 5}\r\n\r\n${envelope.toString("latin1")}${body}`,
      "latin1",
    );
    await once(socket, "readable");
    expect(plane.app.rooms.discovery.counts().watches).toBe(1);
    socket.destroy();
  });
});

test("a connection that says nothing HTTP is closed, and the server serves on", async () => {
  await using plane = await startPlane();
  const { port } = new URL(plane.httpUrl);
  const socket = connectTcp(Number(port), "127.0.0.1");
  socket.on("error", () => {});
  socket.write("\x00\x01\x02 nonsense\r\n\r\n");
  socket.resume();
  await once(socket, "close");
  expect((await fetch(`${plane.httpUrl}/healthz`)).status).toBe(200);
});

test("both versions of HTTP share the port", async () => {
  await using plane = await startPlane();
  const session: ClientHttp2Session = connect(plane.httpUrl);
  const request = session.request({ ":path": "/healthz" });
  const [headers] = await once(request, "response");
  expect(headers[":status"]).toBe(200);
  request.resume();
  session.close();
  await once(session, "close");
});
