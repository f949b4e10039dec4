import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "vitest";
import { ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.js";
import { DiscoveryService } from "../../../gen/portolan/discovery/v1/discovery_pb.js";
import { beforeDeadline } from "../../../src/rpc/services/before-deadline.js";
import { caught } from "../../support/caught.js";
import { FakeClock } from "../../support/fake-clock.js";
import { type Plane, startPlane } from "../../support/plane.js";

/** Ways to ask, with the deadline as a header alone: so no client ends the call by itself before the server does. */
const WAYS: readonly (readonly [string, Record<string, string>, (plane: Plane) => Transport])[] = [
  ["gRPC", { "grpc-timeout": "150m" }, (plane) => createGrpcTransport({ baseUrl: plane.grpcUrl })],
  ["gRPC on the HTTP port", { "grpc-timeout": "150m" }, (plane) => createGrpcTransport({ baseUrl: plane.httpUrl })],
  [
    "Connect",
    { "connect-timeout-ms": "150" },
    (plane) => createConnectTransport({ baseUrl: plane.httpUrl, httpVersion: "1.1" }),
  ],
];

describe("Resolve with a min_revision", () => {
  test.each(WAYS)("that does not come says so with both revisions, over %s", async (_, headers, transportTo) => {
    await using plane = await startPlane();
    await plane.registry.putService({ service: { name: "x" } });
    const discovery = createClient(DiscoveryService, transportTo(plane));
    const error = await caught(discovery.resolve({ target: { service: "x" }, minRevision: 9n }, { headers }));
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: "REVISION_NOT_REACHED", metadata: { wanted: "9", current: "1" } },
    ]);
  });

  test("that comes within the deadline is answered at that revision", async () => {
    await using plane = await startPlane();
    const resolving = plane.discovery.resolve({ target: { service: "x" }, minRevision: 1n }, { timeoutMs: 10_000 });
    await plane.registry.putService({ service: { name: "x" } });
    expect(await resolving).toMatchObject({ revision: 1n, exists: true });
  });
});

describe("the signal before a deadline", () => {
  const { signal } = new AbortController();

  test.each([
    [10_000, 9_950],
    [40, 20],
  ])("aborts, of %d ms, after %d ms", (timeoutMs, afterMs) => {
    const clock = new FakeClock();
    using wait = beforeDeadline({ signal, timeoutMs: () => timeoutMs }, clock);
    clock.advance(afterMs - 1);
    expect(wait.signal.aborted).toBe(false);
    clock.advance(1);
    expect(wait.signal.aborted).toBe(true);
  });

  test.each([undefined, 2 ** 40])("leaves a call whose deadline is %s alone", (timeoutMs) => {
    const clock = new FakeClock();
    using wait = beforeDeadline({ signal, timeoutMs: () => timeoutMs }, clock);
    expect([wait.signal, clock.pending]).toEqual([signal, 0]);
  });

  test("aborts with the call's own", () => {
    const call = new AbortController();
    using wait = beforeDeadline({ signal: call.signal, timeoutMs: () => 1_000 }, new FakeClock());
    call.abort();
    expect(wait.signal.aborted).toBe(true);
  });

  test("leaves no timer behind", () => {
    const clock = new FakeClock();
    beforeDeadline({ signal, timeoutMs: () => 1_000 }, clock)[Symbol.dispose]();
    expect(clock.pending).toBe(0);
  });
});
