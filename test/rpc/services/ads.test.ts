import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, test } from "vitest";
import { AccessLogService } from "../../../gen/xds/envoy/service/accesslog/v3/als_pb.js";
import { AggregatedDiscoveryService } from "../../../gen/xds/envoy/service/discovery/v3/ads_pb.js";
import {
  type DiscoveryRequest,
  DiscoveryRequestSchema,
  type DiscoveryResponse,
} from "../../../gen/xds/envoy/service/discovery/v3/discovery_pb.js";
import { LoadReportingService } from "../../../gen/xds/envoy/service/load_stats/v3/lrs_pb.js";
import { TYPE_URLS } from "../../../src/xds/index.js";
import { caught, fieldsOf, reasonOf } from "../../support/caught.js";
import { type Plane, startPlane } from "../../support/plane.js";
import { Channel } from "../../xds/support/channel.js";
import { spec } from "./session-stream.js";

const NODE = { id: "n", cluster: "shop", userAgentName: "gRPC Go" };

/** A stream of the state of the world over a real connection. */
class Stream {
  readonly #requests = new Channel<DiscoveryRequest>();
  readonly responses: AsyncIterator<DiscoveryResponse>;

  constructor(plane: Plane) {
    const client = createClient(AggregatedDiscoveryService, createGrpcTransport({ baseUrl: plane.grpcUrl }));
    this.responses = client.streamAggregatedResources(this.#requests)[Symbol.asyncIterator]();
  }

  ask(request: MessageInitShape<typeof DiscoveryRequestSchema>): this {
    this.#requests.push(create(DiscoveryRequestSchema, request));
    return this;
  }

  async next(): Promise<DiscoveryResponse> {
    const { done, value } = await this.responses.next();
    if (done) throw new Error("the stream ended");
    return value;
  }

  async close(): Promise<void> {
    this.#requests.end();
    while (!(await this.responses.next()).done);
  }
}

test("a stream is answered, told of changes, and listed with what it took", async () => {
  await using plane = await startPlane();
  await plane.registry.register({ instance: spec("a1") });
  const stream = new Stream(plane);
  const wanted = { typeUrl: TYPE_URLS.endpoints, resourceNames: ["checkout.default"] };
  const first = await stream.ask({ node: NODE, ...wanted }).next();
  expect(first).toMatchObject({
    typeUrl: TYPE_URLS.endpoints,
    controlPlane: { identifier: expect.stringMatching(/^portolan /) },
  });
  stream.ask({ ...wanted, responseNonce: first.nonce, versionInfo: first.versionInfo });
  await plane.registry.register({ instance: spec("a2", { endpoints: [{ host: "10.0.0.2", port: 80 }] }) });
  const second = await stream.next();
  expect(second.versionInfo).not.toBe(first.versionInfo);
  const { clients } = await plane.admin.listXdsClients({});
  expect(clients).toMatchObject([
    {
      node: "n",
      proxy: false,
      userAgent: "gRPC Go",
      namespace: "default",
      consumer: "shop",
      delta: false,
      types: [
        {
          type: "endpoints",
          resources: 1,
          current: 0,
          sentVersion: second.versionInfo,
          ackedVersion: first.versionInfo,
          awaitsAck: true,
        },
      ],
    },
  ]);
  const { resources } = await plane.admin.listXdsResources({ node: "n" });
  expect(resources).toMatchObject([{ type: "endpoints", name: "checkout.default" }]);
  expect(resources[0]?.sentVersion).toBe(resources[0]?.version);
  expect(resources[0]?.ackedVersion).not.toBe(resources[0]?.version);
  expect((await plane.admin.getInfo({})).xdsStreams).toBe(1);
  await stream.close();
  expect((await plane.admin.listXdsClients({ node: "n" })).clients).toEqual([]);
});

test("a refusal is an event of the service, in the metrics, and in the list of clients", async () => {
  await using plane = await startPlane();
  await plane.registry.register({ instance: spec("a1") });
  const stream = new Stream(plane);
  const wanted = { typeUrl: TYPE_URLS.cluster, resourceNames: ["checkout.default"] };
  const { nonce } = await stream.ask({ node: NODE, ...wanted }).next();
  stream.ask({ ...wanted, responseNonce: nonce, errorDetail: { code: Code.Unavailable, message: "not that one" } });
  const errors = async () =>
    (await plane.admin.listXdsClients({})).clients.flatMap(({ types }) => types.map(({ error }) => error));
  await expect.poll(errors).toEqual(["not that one"]);
  const { events } = await plane.telemetry.queryEvents({ query: { type: "xds.nacked" } });
  expect(events).toMatchObject([
    {
      service: "checkout",
      actor: "xds:n",
      message: expect.stringMatching(/^n refused cluster checkout.default: not that one$/),
    },
  ]);
  expect(await (await fetch(`${plane.httpUrl}/metrics`)).text()).toContain(
    'portolan_xds_nacks_total{type="cluster"} 1',
  );
  await stream.close();
});

test("names that are missing are errors of their own, and the response is none", async () => {
  await using plane = await startPlane();
  const stream = new Stream(plane).ask({ node: NODE, typeUrl: TYPE_URLS.listener, resourceNames: ["nope"] });
  expect(await stream.next()).toMatchObject({
    resources: [],
    resourceErrors: [
      { resourceName: { name: "nope" }, errorDetail: { code: Code.NotFound, message: "nope does not exist" } },
    ],
  });
  await stream.close();
});

test.each([
  ["a request without a type", { node: NODE }, ["type_url"]],
  [
    "wishes that cannot be read",
    { node: { ...NODE, metadata: { portolan: { listen: 1 } } }, typeUrl: TYPE_URLS.listener },
    ["node.metadata.portolan.listen"],
  ],
  [
    "a name beyond all measure",
    { typeUrl: TYPE_URLS.listener, resourceNames: ["x".repeat(2_000)] },
    ["resource_names"],
  ],
])("%s ends the stream with its fault, and others go on", async (_, request, fields) => {
  await using plane = await startPlane();
  const other = new Stream(plane).ask({ node: NODE, typeUrl: TYPE_URLS.listener, resourceNames: ["checkout"] });
  const { nonce } = await other.next();
  const error = await caught(new Stream(plane).ask(request).next());
  expect([error.code, reasonOf(error), fieldsOf(error)]).toEqual([Code.InvalidArgument, "FIELDS_INVALID", fields]);
  other.ask({ typeUrl: TYPE_URLS.listener, resourceNames: ["checkout"], responseNonce: nonce });
  await plane.registry.register({ instance: spec("a1") });
  expect((await other.next()).resources).toHaveLength(1);
  await other.close();
});

test("ten thousand names are answered, one more is refused", async () => {
  await using plane = await startPlane();
  const names = Array.from({ length: 10_000 }, (_, n) => `s${n}.default`);
  const typeUrl = TYPE_URLS.endpoints;
  const stream = new Stream(plane).ask({ node: NODE, typeUrl, resourceNames: names });
  expect((await stream.next()).resourceErrors).toHaveLength(10_000);
  const error = await caught(stream.ask({ typeUrl, resourceNames: [...names, "one.more"] }).next());
  expect([error.code, reasonOf(error)]).toEqual([Code.ResourceExhausted, "LIMIT_EXCEEDED"]);
});

test("how many names a stream may ask for is a setting", async () => {
  await using plane = await startPlane({ flags: { "xds-max-names": "1" } });
  const error = await caught(new Stream(plane).ask({ typeUrl: TYPE_URLS.route, resourceNames: ["a", "b"] }).next());
  expect(reasonOf(error)).toBe("LIMIT_EXCEEDED");
});

test("a stop ends streams, and says that it is one", async () => {
  await using plane = await startPlane();
  const stream = new Stream(plane).ask({ typeUrl: TYPE_URLS.cluster, resourceNames: ["a"] });
  await stream.next();
  const ended = caught(stream.next());
  await plane.app.stop();
  expect([(await ended).code, reasonOf(await ended)]).toEqual([Code.Unavailable, "SHUTTING_DOWN"]);
});

test("a client that says nothing of itself is served, and known by its address", async () => {
  await using plane = await startPlane();
  await plane.registry.register({ instance: spec("a1") });
  const stream = new Stream(plane).ask({ typeUrl: TYPE_URLS.cluster, resourceNames: ["checkout.default"] });
  expect((await stream.next()).resources).toHaveLength(1);
  const { clients } = await plane.admin.listXdsClients({});
  expect(clients).toMatchObject([{ node: "", address: expect.stringMatching(/^127\.0\.0\.1:\d+$/) }]);
  await stream.close();
});

test("the list of clients comes in pages", async () => {
  await using plane = await startPlane();
  const streams = ["a", "b", "c"].map((id) => new Stream(plane).ask({ node: { id }, typeUrl: TYPE_URLS.cluster }));
  for (const stream of streams) await stream.next();
  const first = await plane.admin.listXdsClients({ pageSize: 2 });
  const second = await plane.admin.listXdsClients({ pageSize: 2, pageToken: first.nextPageToken });
  expect([...first.clients, ...second.clients].map(({ node }) => node).sort()).toEqual(["a", "b", "c"]);
  for (const stream of streams) await stream.close();
});

test("load reports become statistics of calls, and tell who does worse than others", async () => {
  await using plane = await startPlane();
  await plane.registry.register({ instance: spec("a1") });
  const { instance } = await plane.registry.register({
    instance: spec("a2", { endpoints: [{ host: "10.0.0.2", port: 80 }] }),
  });
  const address = {
    address: { case: "socketAddress", value: { address: "10.0.0.2", portSpecifier: { case: "portValue", value: 80 } } },
  } as const;
  const client = createClient(LoadReportingService, createGrpcTransport({ baseUrl: plane.grpcUrl }));
  async function* requests() {
    yield { node: { id: "e", cluster: "shop", userAgentName: "envoy" } };
    const upstreamEndpointStats = [{ address, totalErrorRequests: 20n }];
    yield {
      clusterStats: [
        {
          clusterName: "checkout.default",
          upstreamLocalityStats: [{ totalErrorRequests: 20n, upstreamEndpointStats }],
        },
      ],
    };
  }
  for await (const order of client.streamLoadStats(requests())) {
    expect(order).toMatchObject({ loadReportingInterval: { seconds: 10n }, reportEndpointGranularity: true });
  }
  const { series } = await plane.telemetry.queryCalls({ service: "checkout", groupBy: [] });
  expect(series.flatMap(({ points }) => points.map(({ errors }) => errors))).toEqual([20n]);
  await expect
    .poll(
      async () =>
        (await plane.registry.getInstance({ instance: { service: "checkout", id: "a2" } })).instance?.healthReason,
    )
    .toMatch(/^ejected for /);
  expect(instance?.healthReason).toBe("");
});

test("access logs become lines of the service that was called", async () => {
  await using plane = await startPlane();
  await plane.registry.register({ instance: spec("a1") });
  const client = createClient(AccessLogService, createGrpcTransport({ baseUrl: plane.grpcUrl }));
  async function* messages() {
    const value = {
      logEntry: [{ commonProperties: { upstreamCluster: "checkout.default" }, response: { responseCode: 503 } }],
    };
    yield { identifier: { node: { id: "e" }, logName: "portolan" }, logEntries: { case: "httpLogs", value } } as const;
  }
  await client.streamAccessLogs(messages());
  const { records } = await plane.telemetry.queryLogs({ query: { service: "checkout" } });
  expect(records).toMatchObject([{ body: expect.stringMatching(/503/), severity: 17 }]);
});

test("Envoy's services are not on the HTTP port: their messages have no JSON that stands by itself", async () => {
  await using plane = await startPlane();
  const answer = await fetch(`${plane.httpUrl}/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs`, {
    method: "POST",
  });
  expect(answer.status).toBe(404);
});
