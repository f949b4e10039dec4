import { expect, test } from "vitest";
import type { ServiceDraft } from "../../src/model/index.js";
import { alice, aSpec, faultOf, leased, reasonOf, refTo, startRegistry } from "./support/start.js";

const checkout = { namespace: "default", name: "checkout" };
const described: ServiceDraft = {
  ...checkout,
  description: "takes money",
  owner: "pay",
  labels: { tier: "gold" },
  grpcServices: ["acme.checkout.v1.Checkout"],
};

test("a put service stands as described", async () => {
  await using plane = startRegistry();
  const { value, revision } = await plane.registry.putService(described, undefined, alice);
  expect(value).toEqual({ ...described, createRevision: 1n, modRevision: 1n });
  expect(revision).toBe(1n);
  expect(plane.feed[0]).toMatchObject({ cause: "service-put", actor: "alice" });
});

test("putting the same service again commits nothing", async () => {
  await using plane = startRegistry();
  await plane.registry.putService(described, undefined, alice);
  const { value, revision } = await plane.registry.putService(
    { ...described, labels: { tier: "gold" } },
    undefined,
    alice,
  );
  expect([value.modRevision, revision, plane.feed.length]).toEqual([1n, 1n, 1]);
});

test("a service is described again without losing its instances", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a")], alice);
  const { value } = await plane.registry.putService(described, 1n, alice);
  expect(value).toMatchObject({ description: "takes money", createRevision: 1n, modRevision: 2n });
  expect(plane.ids()).toEqual(["a"]);
});

test("a service is not put over another revision than expected", async () => {
  await using plane = startRegistry();
  await plane.registry.putService(described, 0n, alice);
  expect(await faultOf(plane.registry.putService({ ...described, owner: "x" }, 0n, alice))).toEqual({
    reason: "REVISION_CONFLICT",
    name: "default/checkout",
    expected: 0n,
    actual: 1n,
  });
});

test("deleting an unknown service is NOT_FOUND", async () => {
  await using plane = startRegistry();
  expect(await faultOf(plane.registry.deleteService(checkout, { cascade: true }, alice))).toEqual({
    reason: "NOT_FOUND",
    type: "service",
    name: "default/checkout",
  });
});

test("a service with instances is not deleted without cascade", async () => {
  await using plane = startRegistry();
  await plane.registry.register([leased("a"), leased("b")], alice);
  const fault = await faultOf(plane.registry.deleteService(checkout, { cascade: false }, alice));
  expect(fault).toEqual({ reason: "SERVICE_NOT_EMPTY", name: "default/checkout", instances: 2 });
});

test("an empty service is deleted at its expected revision alone", async () => {
  await using plane = startRegistry();
  await plane.registry.putService(described, undefined, alice);
  const wrong = plane.registry.deleteService(checkout, { cascade: false, expectedRevision: 5n }, alice);
  expect(await reasonOf(wrong)).toBe("REVISION_CONFLICT");
  expect(await plane.registry.deleteService(checkout, { cascade: false, expectedRevision: 1n }, alice)).toBe(2n);
  expect(plane.store.peek("service/default/checkout")).toBeUndefined();
});

test("cascade deletes a service and its instances in one commit, and their holders learn of it", async () => {
  await using plane = startRegistry();
  const { session, directives } = await plane.open();
  await session.register(aSpec("held"));
  await plane.registry.register([leased("leased")], alice);
  const revision = await plane.registry.deleteService(checkout, { cascade: true }, alice);
  expect(plane.feed.at(-1)).toMatchObject({ revision, cause: "service-deleted" });
  expect(plane.feed.at(-1)?.changes).toHaveLength(3);
  expect(plane.registry.leaseEndsAtMs(refTo("leased"))).toBeUndefined();
  expect(directives).toEqual([]);
  const resumed = await plane.open({ resumeToken: session.resumeToken });
  expect(resumed.session.held).toEqual([]);
});

test("an instance may be registered again after its service was deleted", async () => {
  await using plane = startRegistry();
  const { session } = await plane.open();
  await session.register(aSpec("a"));
  await plane.registry.deleteService(checkout, { cascade: true }, alice);
  expect(await session.register(aSpec("a"))).toBe(3n);
});
