import { expect, test } from "vitest";
import { alice, aSpec, leased, reasonOf, refTo, type Started, startRegistry } from "./support/start.js";

async function metricOf(plane: Started, name: string, labels: Record<string, string> = {}): Promise<number> {
  const metric = await plane.metrics.getSingleMetric(`portolan_registry_${name}`)?.get();
  const wanted = Object.entries(labels);
  const found = metric?.values.find((value) => wanted.every(([key, label]) => value.labels[key] === label));
  return Number(found?.value ?? 0);
}

test("registrations are counted by what became of them", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a"), leased("b")], alice);
  await plane.registry.register([leased("a"), leased("b", 60_000), leased("c")], alice);
  await reasonOf(plane.registry.register([{ ...leased("a"), expectedRevision: 9n }], alice));
  plane.shaky.fail();
  await reasonOf(plane.registry.register([leased("d")], alice));
  const outcomes = ["created", "replaced", "renewed", "refused", "failed"];
  const counts = await Promise.all(outcomes.map((outcome) => metricOf(plane, "registrations_total", { outcome })));
  expect(counts).toEqual([3, 1, 1, 1, 1]);
});

test("sessions, leases and drains are gauged", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a"), leased("b")], alice);
  await plane.registry.deregister(refTo("b"), 60_000, alice);
  const { session } = await plane.open();
  await plane.open();
  session.break();
  const names = ["leases", "instances_draining", "sessions_known", "sessions_attached"];
  expect(await Promise.all(names.map((name) => metricOf(plane, name)))).toEqual([2, 1, 2, 1]);
  await plane.pass(31_000);
  expect(await Promise.all(names.map((name) => metricOf(plane, name)))).toEqual([0, 0, 1, 1]);
});

test("expiries, renewals, takings and retries are counted", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a", 5_000), leased("b", 5_000)], alice);
  await plane.registry.renew([refTo("a"), refTo("never")], alice);
  const { session } = await plane.open();
  await session.register(aSpec("s"));
  await plane.registry.register([leased("s", 0)], alice);
  plane.shaky.fail();
  await plane.pass(7_000);
  expect(await metricOf(plane, "store_retries_total")).toBeGreaterThan(0);
  plane.shaky.heal();
  await plane.pass(3_000);
  expect(await metricOf(plane, "expirations_total", { cause: "lease-expired" })).toBe(2);
  expect(await metricOf(plane, "renewals_total", { found: "yes" })).toBe(1);
  expect(await metricOf(plane, "renewals_total", { found: "no" })).toBe(1);
  expect(await metricOf(plane, "superseded_total")).toBe(1);
});
