import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { Health, HealthSource } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { caught, fieldsOf } from "../../support/caught.js";
import { startPlane } from "../../support/plane.js";

const instance = { service: "checkout", id: "a" };
const endpoints = [{ host: "127.0.0.1", port: 8080 }];

test("an order is answered with the instance as it is told now, with who ordered it and until when", async () => {
  await using plane = await startPlane();
  await plane.registry.register({ instance: { ...instance, endpoints } });
  const response = await plane.registry.setHealthOverride({
    instance,
    health: Health.DRAINING,
    reason: "new kernel",
    expiresAfter: { seconds: 60n },
  });
  expect(response.instance).toMatchObject({ health: Health.DRAINING, healthReason: "new kernel" });
  expect(response.instance?.expiresAt).toBeDefined();
  const [voice] = response.instance?.healthVoices ?? [];
  expect(voice).toMatchObject({ source: HealthSource.ORDER, health: Health.DRAINING, actor: "anonymous" });
  expect(voice?.until).toBeDefined();
});

test("consumers are told at once, and again when it is taken back", async () => {
  await using plane = await startPlane();
  await plane.registry.register({ instance: { ...instance, endpoints } });
  await plane.registry.setHealthOverride({ instance, health: Health.NOT_SERVING, reason: "broken" });
  expect((await plane.discovery.resolve({ target: { service: "checkout" } })).instances).toEqual([]);
  const { cleared } = await plane.registry.clearHealthOverride({ service: "checkout", instanceId: "a" });
  expect(cleared).toBe(1);
  expect((await plane.discovery.resolve({ target: { service: "checkout" } })).instances).toHaveLength(1);
});

test("a service is drained as a whole, and taken back as a whole", async () => {
  await using plane = await startPlane();
  for (const id of ["a", "b"]) await plane.registry.register({ instance: { ...instance, id, endpoints } });
  const { drained, revision } = await plane.registry.drainService({ name: "checkout", reason: "moving" });
  expect(drained).toBe(2);
  const listed = await plane.registry.listInstances({ service: "checkout" });
  expect(listed.instances.map(({ health }) => health)).toEqual([Health.DRAINING, Health.DRAINING]);
  expect(listed.revision).toBe(revision);
  expect((await plane.registry.clearHealthOverride({ service: "checkout" })).cleared).toBe(2);
});

test("every fault of an order is told at once", async () => {
  await using plane = await startPlane();
  const order = { instance: { service: "Shop_", id: "" }, health: Health.STARTING, expiresAfter: { nanos: 5 } };
  const error = await caught(plane.registry.setHealthOverride(order));
  expect(error).toMatchObject({ code: Code.InvalidArgument });
  expect(fieldsOf(error)).toEqual(["instance.service", "instance.id", "health", "reason", "expires_after"]);
});

test("an order about what is not there is NOT_FOUND", async () => {
  await using plane = await startPlane();
  const order = { instance, health: Health.SERVING, reason: "x" };
  expect(await caught(plane.registry.setHealthOverride(order))).toMatchObject({ code: Code.NotFound });
  expect(await caught(plane.registry.drainService({ name: "no", reason: "x" }))).toMatchObject({ code: Code.NotFound });
  expect(await caught(plane.registry.clearHealthOverride({ service: "no" }))).toMatchObject({ code: Code.NotFound });
});
