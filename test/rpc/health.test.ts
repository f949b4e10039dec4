import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, test } from "vitest";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../gen/health/v1/health_pb.js";
import { caught, reasonOf } from "../support/caught.js";
import { startPlane } from "../support/plane.js";

const SERVICES = [
  "portolan.registry.v1.RegistryService",
  "portolan.discovery.v1.DiscoveryService",
  "portolan.telemetry.v1.TelemetryService",
  "portolan.admin.v1.AdminService",
];

function healthOf(plane: { readonly grpcUrl: string }) {
  return createClient(Health, createGrpcTransport({ baseUrl: plane.grpcUrl }));
}

test.each(["", ...SERVICES])('Check of "%s" is SERVING once the server is up', async (service) => {
  await using plane = await startPlane();
  expect((await healthOf(plane).check({ service })).status).toBe(Status.SERVING);
});

test("Check of an unknown service is NOT_FOUND, with ErrorInfo", async () => {
  await using plane = await startPlane();
  const error = await caught(healthOf(plane).check({ service: "acme.Unknown" }));
  expect([error.code, reasonOf(error)]).toEqual([Code.NotFound, "NOT_FOUND"]);
});

test("Watch tells of a stop before the stream ends", async () => {
  const plane = await startPlane();
  const seen: Status[] = [];
  const error = await caught(
    (async () => {
      for await (const { status } of healthOf(plane).watch({ service: "" })) {
        seen.push(status);
        if (status === Status.SERVING) void plane.app.stop();
      }
    })(),
  );
  expect(seen).toEqual([Status.SERVING, Status.NOT_SERVING]);
  expect([error.code, reasonOf(error)]).toEqual([Code.Unavailable, "SHUTTING_DOWN"]);
  await plane[Symbol.asyncDispose]();
});

test("a store that cannot write makes RegistryService NOT_SERVING and nothing else", async () => {
  await using plane = await startPlane();
  plane.app.health.setWritable(false);
  const statuses = await Promise.all(["", ...SERVICES].map((service) => healthOf(plane).check({ service })));
  expect(statuses.map(({ status }) => status)).toEqual([
    Status.SERVING,
    Status.NOT_SERVING,
    Status.SERVING,
    Status.SERVING,
    Status.SERVING,
  ]);
  expect(await (await fetch(`${plane.httpUrl}/healthz`)).json()).toMatchObject({ status: "SERVING", writable: false });
});
