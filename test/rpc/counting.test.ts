import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { DomainError } from "../../src/model/index.js";
import { caught } from "../support/caught.js";
import { startEdge } from "../support/edge.js";
import { frame, RawGrpc, statusOf } from "../support/raw-grpc.js";

const GET_SERVICE = "/portolan.registry.v1.RegistryService/GetService";

/** The value of one series: its labels must contain all of `labels`. */
async function seriesOf(
  edge: { readonly register: { metrics(): Promise<string> } },
  name: string,
  ...labels: string[]
) {
  const lines = (await edge.register.metrics()).split("\n").filter((line) => line.startsWith(`${name}{`));
  const line = lines.find((one) => labels.every((label) => one.includes(label)));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(" ") + 1));
}

test("a call is counted when it starts and, with its code, when it ends", async () => {
  await using edge = await startEdge({});
  await edge.registry.getService({});
  await edge.registry.getService({});
  await edge.calls.empty();
  expect(await seriesOf(edge, "portolan_rpc_started_calls_total", 'method="GetService"')).toBe(2);
  expect(await seriesOf(edge, "portolan_rpc_handled_calls_total", 'method="GetService"', 'code="OK"')).toBe(2);
  expect(await seriesOf(edge, "portolan_rpc_active_calls", 'method="GetService"')).toBe(0);
  expect(await seriesOf(edge, "portolan_rpc_call_duration_seconds_count", 'method="GetService"')).toBe(2);
});

test("an error is counted by code and by reason, also one that no handler saw", async () => {
  const fault = new DomainError({ reason: "NOT_FOUND", type: "service", name: "x" });
  await using edge = await startEdge({ unary: () => Promise.reject(fault) });
  await using raw = new RawGrpc(edge.baseUrl);
  expect((await caught(edge.registry.getService({}))).code).toBe(Code.NotFound);
  for (const path of [GET_SERVICE, "/acme.Unknown/Nope"]) {
    const stream = raw.open(path);
    stream.end(frame(Buffer.from([0xff])));
    await statusOf(stream);
  }
  expect(await seriesOf(edge, "portolan_rpc_handled_calls_total", 'code="NOT_FOUND"')).toBe(1);
  expect(await seriesOf(edge, "portolan_rpc_errors_total", 'reason="NOT_FOUND"')).toBe(1);
  expect(await seriesOf(edge, "portolan_rpc_errors_total", 'reason="REQUEST_UNREADABLE"')).toBe(1);
  expect(await seriesOf(edge, "portolan_rpc_errors_total", 'reason="UNIMPLEMENTED"')).toBe(1);
});

test("messages of streams are counted by direction", async () => {
  await using edge = await startEdge({
    async *serverStream() {
      for (let i = 0; i < 3; i++) yield {};
    },
    async clientStream(requests) {
      for await (const _ of requests);
      return {};
    },
  });
  for await (const _ of edge.discovery.watch({}));
  async function* reports() {
    for (let i = 0; i < 5; i++) yield {};
  }
  await edge.telemetry.reportCalls(reports());
  expect(await seriesOf(edge, "portolan_rpc_stream_messages_total", 'method="Watch"', 'direction="sent"')).toBe(3);
  expect(
    await seriesOf(edge, "portolan_rpc_stream_messages_total", 'method="ReportCalls"', 'direction="received"'),
  ).toBe(5);
});

test("a call is logged at debug with its method, code and reason, and never louder for its client's faults", async () => {
  const fault = new DomainError({ reason: "PAGE_EXPIRED" });
  await using edge = await startEdge({ unary: () => Promise.reject(fault) });
  await caught(edge.registry.getService({}));
  await edge.calls.empty();
  expect(edge.logged.map((line) => JSON.parse(line))).toMatchObject([
    {
      level: 20,
      method: "portolan.registry.v1.RegistryService/GetService",
      code: "OUT_OF_RANGE",
      reason: "PAGE_EXPIRED",
    },
  ]);
});

test("open connections are counted", async () => {
  await using edge = await startEdge({});
  await edge.registry.getService({});
  expect(await seriesOf(edge, "portolan_rpc_connections", 'port="grpc"')).toBe(1);
});
