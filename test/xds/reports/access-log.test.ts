import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { RequestMethod } from "../../../gen/xds/envoy/config/core/v3/base_pb.js";
import { HTTPAccessLogEntrySchema } from "../../../gen/xds/envoy/data/accesslog/v3/accesslog_pb.js";
import {
  type StreamAccessLogsMessage,
  StreamAccessLogsMessage_IdentifierSchema,
  StreamAccessLogsMessageSchema,
} from "../../../gen/xds/envoy/service/accesslog/v3/als_pb.js";
import { accessLines } from "../../../src/xds/reports/access-lines.js";
import { readAccessLogEntry } from "../../../src/xds/reports/access-log.js";
import { Channel } from "../support/channel.js";
import { anEnvoy, envoyNode } from "../support/nodes.js";

const whereabouts = () => new Map([["10.0.0.1:80", "a"]]);

const upstreamRemoteAddress = {
  address: {
    case: "socketAddress",
    value: { address: "10.0.0.1", portSpecifier: { case: "portValue", value: 80 } },
  },
} as const;

const ENTRY = {
  commonProperties: {
    upstreamCluster: "pay.default",
    upstreamRemoteAddress,
    startTime: { seconds: 1_700_000_000n, nanos: 5 },
    duration: { seconds: 0n, nanos: 12_340_000 },
  },
  request: { requestMethod: RequestMethod.POST, path: "/acme.Pay/Charge", authority: "pay", userAgent: "me" },
  response: { responseCode: 200, responseTrailers: { "grpc-status": "0" } },
} satisfies MessageInitShape<typeof HTTPAccessLogEntrySchema>;

type EntryInit = Exclude<MessageInitShape<typeof HTTPAccessLogEntrySchema>, { $typeName: string }>;

function read(changes: EntryInit = {}) {
  return readAccessLogEntry(anEnvoy, create(HTTPAccessLogEntrySchema, { ...ENTRY, ...changes }), whereabouts);
}

describe("a request that a proxy passed on", () => {
  test("is a line of the service that was called, by the instance that took it", () => {
    expect(read()).toEqual({
      timeNs: 1_700_000_000_000_000_005n,
      namespace: "default",
      service: "pay",
      instanceId: "a",
      severity: 9,
      body: "POST /acme.Pay/Charge 200 grpc-status 0 in 12.3 ms",
      attributes: {
        node: "proxy",
        direction: "outbound",
        consumer: "shop",
        upstream: "10.0.0.1:80",
        authority: "pay",
        user_agent: "me",
      },
      traceId: "",
      spanId: "",
    });
  });

  test.each([
    ["well", { responseCode: 204 }, 9],
    ["badly by the caller's fault", { responseCode: 404 }, 13],
    ["badly by gRPC's word", { responseCode: 200, responseTrailers: { "grpc-status": "5" } }, 13],
    ["badly by gRPC's word in a header", { responseCode: 200, responseHeaders: { "grpc-status": "14" } }, 13],
    ["badly by the server's fault", { responseCode: 503 }, 17],
    ["without an answer", { responseCode: 0 }, 17],
  ])("that ended %s has its severity", (_, response, severity) => {
    expect(read({ response })?.severity).toBe(severity);
  });

  test("says in Envoy's words why it failed", () => {
    const commonProperties = {
      ...ENTRY.commonProperties,
      responseFlags: { noHealthyUpstream: true, rateLimited: true },
    };
    const line = read({
      commonProperties,
      response: { responseCode: 503, responseCodeDetails: "no_healthy_upstream" },
    });
    expect(line?.attributes).toMatchObject({ flags: "noHealthyUpstream,rateLimited", details: "no_healthy_upstream" });
  });

  test("to the proxy's own program is a line of its own service", () => {
    const commonProperties = { ...ENTRY.commonProperties, upstreamCluster: "portolan/inbound" };
    expect(read({ commonProperties })).toMatchObject({
      service: "shop",
      instanceId: "",
      attributes: { direction: "inbound" },
    });
  });

  test("to what is no service is no line", () => {
    expect(read({ commonProperties: { upstreamCluster: "" } })).toBeUndefined();
  });

  test("with endless texts is cut", () => {
    const line = read({ request: { path: "/".repeat(10_000), userAgent: "u".repeat(10_000) } });
    expect(line?.body.length).toBeLessThan(1_100);
    expect(line?.attributes.user_agent).toHaveLength(256);
  });
});

test("a stream's batches come one by one, each for the node that the first named", async () => {
  const messages = new Channel<StreamAccessLogsMessage>();
  const lines = accessLines(messages, whereabouts);
  const push = (message: MessageInitShape<typeof StreamAccessLogsMessageSchema>) =>
    messages.push(create(StreamAccessLogsMessageSchema, message));
  const value = { logEntry: [ENTRY, { ...ENTRY, commonProperties: {} }] };
  const identifier = create(StreamAccessLogsMessage_IdentifierSchema, { node: envoyNode() });
  push({ identifier, logEntries: { case: "httpLogs", value } });
  push({ logEntries: { case: "tcpLogs", value: {} } });
  push({ logEntries: { case: "httpLogs", value } });
  messages.end();
  const batches: number[] = [];
  for await (const batch of lines) batches.push(batch.length);
  expect(batches).toEqual([1, 1]);
});
