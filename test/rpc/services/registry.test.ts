import { toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { Health, ListInstancesResponseSchema } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { timestampMsFromProto } from "../../../src/rpc/translate/index.js";
import { caught, fieldsOf, reasonOf } from "../../support/caught.js";
import { startPlane } from "../../support/plane.js";
import { spec } from "./session-stream.js";

const ref = { service: "checkout", id: "a1" };

describe("services", () => {
  test("a service that was put can be read, with its revisions and counts", async () => {
    await using plane = await startPlane();
    const put = await plane.registry.putService({
      service: { name: "checkout", description: "Pays", owner: "pay", labels: { tier: "1" }, grpcServices: ["acme.A"] },
    });
    await plane.registry.register({ instance: spec("a1") });
    await plane.registry.register({ instance: spec("a2", { reportedHealth: Health.NOT_SERVING }) });
    const { service, revision } = await plane.registry.getService({ name: "checkout" });
    expect(put.revision).toBe(1n);
    expect(revision).toBe(3n);
    expect(service).toMatchObject({
      ...{ namespace: "default", description: "Pays", owner: "pay", labels: { tier: "1" }, grpcServices: ["acme.A"] },
      ...{ createRevision: 1n, modRevision: 1n, instanceCount: 2, servingCount: 1 },
    });
  });

  test("the same description again commits nothing", async () => {
    await using plane = await startPlane();
    const request = { service: { name: "checkout", owner: "pay" } };
    const first = await plane.registry.putService(request);
    expect((await plane.registry.putService(request)).revision).toBe(first.revision);
  });

  test("a put that expects another revision is ABORTED and changes nothing", async () => {
    await using plane = await startPlane();
    await plane.registry.putService({ service: { name: "checkout" } });
    const error = await caught(
      plane.registry.putService({ service: { name: "checkout", owner: "x" }, expectedRevision: 0n }),
    );
    expect([error.code, reasonOf(error)]).toEqual([Code.Aborted, "REVISION_CONFLICT"]);
    expect((await plane.registry.getService({ name: "checkout" })).service?.owner).toBe("");
  });

  test("a service with instances is deleted with cascade alone", async () => {
    await using plane = await startPlane();
    await plane.registry.register({ instance: spec("a1") });
    const error = await caught(plane.registry.deleteService({ name: "checkout" }));
    expect([error.code, reasonOf(error)]).toEqual([Code.FailedPrecondition, "SERVICE_NOT_EMPTY"]);
    await plane.registry.deleteService({ name: "checkout", cascade: true });
    expect(reasonOf(await caught(plane.registry.getService({ name: "checkout" })))).toBe("NOT_FOUND");
    expect(reasonOf(await caught(plane.registry.getInstance({ instance: ref })))).toBe("NOT_FOUND");
  });

  test.each(["getService", "deleteService"] as const)("%s of an unknown one is NOT_FOUND", async (call) => {
    await using plane = await startPlane();
    expect((await caught(plane.registry[call]({ name: "nobody" }))).code).toBe(Code.NotFound);
  });

  test("services are listed by namespace, filter and page, at one revision", async () => {
    await using plane = await startPlane();
    for (const name of ["a", "b", "c"]) await plane.registry.putService({ service: { name, owner: "pay" } });
    await plane.registry.putService({ service: { name: "d", namespace: "other" } });
    const named = ({ services }: { services: { name: string }[] }) => services.map(({ name }) => name);
    expect(named(await plane.registry.listServices({}))).toEqual(["a", "b", "c"]);
    expect(named(await plane.registry.listServices({ namespace: "*" }))).toEqual(["a", "b", "c", "d"]);
    expect(named(await plane.registry.listServices({ filter: 'service.name != "b"' }))).toEqual(["a", "c"]);

    const first = await plane.registry.listServices({ pageSize: 2 });
    await plane.registry.putService({ service: { name: "aa" } });
    const rest = await plane.registry.listServices({ pageSize: 2, pageToken: first.nextPageToken });
    expect([...named(first), ...named(rest)]).toEqual(["a", "b", "c"]);
    expect([rest.revision, rest.nextPageToken]).toEqual([first.revision, ""]);
  });
});

describe("instances", () => {
  test("an instance that was registered can be read at once, with every default", async () => {
    await using plane = await startPlane();
    const before = Date.now();
    const written = await plane.registry.register({ instance: spec("a1", { labels: { env: "prod" } }) });
    const { instance } = await plane.registry.getInstance({ instance: ref });
    expect(written.ttl?.seconds).toBe(30n);
    expect(instance).toMatchObject({
      ...{ namespace: "default", labels: { env: "prod" }, reportedHealth: Health.SERVING, health: Health.SERVING },
      ...{ endpoints: [{ name: "default", port: 8080 }], sessionId: "", ttl: { seconds: 30n } },
      ...{ createRevision: written.revision, modRevision: written.revision },
    });
    const endsAtMs = instance?.expiresAt ? timestampMsFromProto(instance.expiresAt) : 0;
    expect(endsAtMs - before).toBeGreaterThan(29_000);
    expect(endsAtMs - before).toBeLessThan(40_000);
  });

  test("an instance that was read can be registered again as it is, and commits nothing", async () => {
    await using plane = await startPlane();
    const { instance, revision } = await plane.registry.register({
      instance: spec("a1", { weight: 5, healthCheck: { probe: { case: "tcp", value: {} } } }),
    });
    if (!instance) expect.unreachable("no instance");
    expect((await plane.registry.register({ instance })).revision).toBe(revision);
  });

  test("a TTL of zero means until deregistered", async () => {
    await using plane = await startPlane();
    const { instance, ttl } = await plane.registry.register({ instance: spec("a1"), ttl: { seconds: 0n } });
    expect(ttl?.seconds).toBe(0n);
    expect([instance?.expiresAt, instance?.ttl]).toEqual([undefined, undefined]);
  });

  test("a batch commits once, all or none", async () => {
    await using plane = await startPlane();
    const batch = await plane.registry.registerBatch({
      requests: ["a1", "a2", "a3"].map((id) => ({ instance: spec(id) })),
    });
    expect(batch.instances.map(({ id, modRevision }) => [id, modRevision])).toEqual([
      ["a1", 1n],
      ["a2", 1n],
      ["a3", 1n],
    ]);
    const conflict = { requests: [{ instance: spec("a4") }, { instance: spec("a1"), expectedRevision: 9n }] };
    expect(reasonOf(await caught(plane.registry.registerBatch(conflict)))).toBe("REVISION_CONFLICT");
    expect(reasonOf(await caught(plane.registry.getInstance({ instance: { service: "checkout", id: "a4" } })))).toBe(
      "NOT_FOUND",
    );
  });

  test("Renew names those that are not there", async () => {
    await using plane = await startPlane();
    await plane.registry.register({ instance: spec("a1") });
    const { notFound } = await plane.registry.renew({ instances: [ref, { service: "checkout", id: "gone" }] });
    expect(notFound).toMatchObject([{ namespace: "default", service: "checkout", id: "gone" }]);
  });

  test("an update changes the fields that the mask names, and no others", async () => {
    await using plane = await startPlane();
    await plane.registry.register({ instance: spec("a1", { version: "1", weight: 5, labels: { env: "prod" } }) });
    const { instance } = await plane.registry.updateInstance({
      instance: { ...ref, version: "2", labels: { env: "ignored" }, endpoints: [] },
      updateMask: { paths: ["version", "weight", "version"] },
    });
    expect(instance).toMatchObject({ version: "2", labels: { env: "prod" }, endpoints: [{ port: 8080 }] });
    expect(instance?.weight).toBeUndefined();
  });

  test("deregistering answers the revision, and 0 when nobody was there", async () => {
    await using plane = await startPlane();
    await plane.registry.register({ instance: spec("a1") });
    expect((await plane.registry.deregister({ instance: ref })).revision).toBe(2n);
    expect((await plane.registry.deregister({ instance: ref })).revision).toBe(0n);
  });

  test("deregistering with a drain shows it as draining first", async () => {
    await using plane = await startPlane();
    await plane.registry.register({ instance: spec("a1") });
    await plane.registry.deregister({ instance: ref, drain: { seconds: 60n } });
    expect((await plane.registry.getInstance({ instance: ref })).instance?.health).toBe(Health.DRAINING);
  });

  test("instances are listed by service, filter and page", async () => {
    await using plane = await startPlane();
    const requests = ["a", "b", "c", "d"].map((id, index) => ({ instance: spec(id, { weight: index }) }));
    await plane.registry.registerBatch({ requests: [...requests, { instance: spec("x", { service: "cart" }) }] });
    const ids = ({ instances }: { instances: { id: string }[] }) => instances.map(({ id }) => id);
    expect(ids(await plane.registry.listInstances({}))).toEqual(["x", "a", "b", "c", "d"]);
    expect(ids(await plane.registry.listInstances({ service: "checkout", filter: "instance.weight >= 2" }))).toEqual([
      "c",
      "d",
    ]);
    const first = await plane.registry.listInstances({ service: "checkout", pageSize: 3 });
    const rest = await plane.registry.listInstances({
      service: "checkout",
      pageSize: 3,
      pageToken: first.nextPageToken,
    });
    expect([ids(first), ids(rest)]).toEqual([["a", "b", "c"], ["d"]]);
  });

  test("a page of large instances is one that a client with gRPC's default limit can read", async () => {
    await using plane = await startPlane();
    const labels = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, "é".repeat(500)]));
    for (let batch = 0; batch < 3; batch++) {
      const requests = Array.from({ length: 45 }, (_, index) => ({ instance: spec(`a${batch}-${index}`, { labels }) }));
      await plane.registry.registerBatch({ requests });
    }
    const sizes: number[] = [];
    let seen = 0;
    let pageToken = "";
    do {
      const page = await plane.registry.listInstances({ pageSize: 1_000, pageToken });
      sizes.push(toBinary(ListInstancesResponseSchema, page).length);
      seen += page.instances.length;
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toBe(135);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(3 * 1_024 * 1_024);
  });

  test("a page token of another listing is refused", async () => {
    await using plane = await startPlane();
    await plane.registry.registerBatch({ requests: ["a", "b"].map((id) => ({ instance: spec(id) })) });
    const { nextPageToken: pageToken } = await plane.registry.listInstances({ pageSize: 1 });
    const others = [
      plane.registry.listInstances({ pageSize: 1, service: "checkout", pageToken }),
      plane.registry.listServices({ pageSize: 1, pageToken }),
      plane.registry.listInstances({ pageSize: 1, pageToken: `${pageToken}x` }),
    ];
    for (const other of others) {
      const error = await caught(other);
      expect([error.code, reasonOf(error)]).toEqual([Code.InvalidArgument, "PAGE_TOKEN_INVALID"]);
    }
  });
});

test("Register refuses two faults at once, names both, and does nothing", async () => {
  await using plane = await startPlane();
  const error = await caught(
    plane.registry.register({ instance: { id: "a", service: "", endpoints: [{ host: "h", port: 70_000 }] } }),
  );
  expect(error.code).toBe(Code.InvalidArgument);
  expect(fieldsOf(error)).toEqual(["instance.service", "instance.endpoints[0].port"]);
  expect((await plane.registry.listInstances({})).revision).toBe(0n);
});

test("a thousand faults in one batch still reach the client", async () => {
  await using plane = await startPlane();
  const requests = Array.from({ length: 1_000 }, () => ({ instance: { id: "", service: "" } }));
  const error = await caught(plane.registry.registerBatch({ requests }));
  expect(error.code).toBe(Code.InvalidArgument);
  expect(fieldsOf(error).slice(0, 2)).toEqual(["requests[0].instance.service", "requests[0].instance.id"]);
});
