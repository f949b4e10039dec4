import { expect, test } from "vitest";
import type { Change, ChangeSet, Entity, InstanceDraft } from "../../src/model/index.js";
import { keyOf } from "../../src/model/index.js";
import { eventsOf } from "../../src/telemetry/events/describe.js";
import { noticeDraft } from "../../src/telemetry/events/describe-notice.js";
import type { SessionEvent } from "../../src/telemetry/index.js";
import { anInstance, aService } from "../support/entities.js";

const instance = (id: string, fields: Partial<InstanceDraft> = {}): Entity =>
  ({ ...anInstance("checkout", id, fields), revisions: 0 }) as unknown as Entity;

const step = (before: Entity | undefined, after: Entity | undefined): Change => {
  const entity = after ?? before;
  if (!entity) throw new Error("a change is of something");
  return { key: keyOf(entity), ...(before && { before }), ...(after && { after }) };
};

const set = (cause: ChangeSet["cause"], ...changes: Change[]): ChangeSet => ({
  revision: 7n,
  committedAtMs: 1_000,
  actor: "session:s-12",
  cause,
  changes,
});

const told = (changeSet: ChangeSet) => eventsOf(changeSet).map(({ type, message }) => `${type}: ${message}`);

test("a registration tells who registered what where", () => {
  const [event] = eventsOf(set("register", step(undefined, instance("a1", { version: "2.1" }))));
  expect(event).toEqual({
    place: { revision: 7n, order: 0 },
    revision: 7n,
    timeMs: 1_000,
    type: "instance.registered",
    actor: "session:s-12",
    namespace: "default",
    service: "checkout",
    instanceId: "a1",
    message: "checkout/a1 registered at 10.0.0.1:8080 by session:s-12",
    attributes: { cause: "register", address: "10.0.0.1:8080", health: "SERVING", version: "2.1" },
  });
});

test("names outside the default namespace carry it, and IPv6 addresses stand in brackets", () => {
  const endpoint = { name: "default", host: "fd00::1", port: 80, protocol: "grpc", tls: false } as const;
  const after = instance("a1", { namespace: "prod", endpoints: [endpoint] });
  expect(told(set("register", step(undefined, after)))).toEqual([
    "instance.registered: prod/checkout/a1 registered at [fd00::1]:80 by session:s-12",
  ]);
});

test("a change of health tells before, after and why", () => {
  const after = instance("a1", { health: "not-serving", healthReason: "probe failed" });
  const [event, ...more] = eventsOf(set("update", step(instance("a1"), after)));
  expect(more).toEqual([]);
  expect(event).toMatchObject({
    type: "instance.health_changed",
    message: "checkout/a1 went from SERVING to NOT_SERVING by session:s-12: probe failed",
    attributes: { health_before: "SERVING", health_after: "NOT_SERVING", reason: "probe failed" },
  });
});

test("an update names the fields that changed; with a change of health it is a second event", () => {
  const after = instance("a1", { version: "2", labels: { env: "prod" }, health: "degraded" });
  const events = eventsOf(set("update", step(instance("a1"), after)));
  expect(events.map(({ type }) => type)).toEqual(["instance.health_changed", "instance.updated"]);
  expect(events[1]?.attributes).toMatchObject({ fields: "version,labels", version: "2" });
  expect(events.map(({ place }) => place.order)).toEqual([0, 1]);
});

test("an order to drain is one event, which says for how long", () => {
  const after = instance("a1", { health: "draining", healthReason: "drains for 2 s, then leaves", drainMs: 2_000 });
  expect(told(set("drain", step(instance("a1"), after)))).toEqual([
    "instance.health_changed: checkout/a1 went from SERVING to DRAINING by session:s-12: drains for 2 s, then leaves",
  ]);
});

test("an order to drain that leaves the health as it was is an update, which says for how long", () => {
  const before = instance("a1", { health: "not-serving", reportedHealth: "not-serving" });
  const after = instance("a1", { health: "not-serving", reportedHealth: "not-serving", drainMs: 1_500 });
  const [event, ...more] = eventsOf(set("drain", step(before, after)));
  expect(more).toEqual([]);
  expect(event).toMatchObject({
    message: "checkout/a1 updated by session:s-12: drain of 1.5 s",
    attributes: { fields: "drain" },
  });
});

test("a health that was reported, and so is told, is no second event", () => {
  const after = instance("a1", { health: "degraded", reportedHealth: "degraded" });
  const events = eventsOf(set("update", step(instance("a1"), after)));
  expect(events.map(({ type }) => type)).toEqual(["instance.health_changed"]);
});

test("fields go by their names in the .proto", () => {
  const fieldsOf = (before: Partial<InstanceDraft>, after: Partial<InstanceDraft>) =>
    eventsOf(set("update", step(instance("a1", before), instance("a1", after))))[0]?.attributes.fields;
  const thresholds = { unhealthyThreshold: 3, healthyThreshold: 1 };
  const probe = { kind: "tcp" } as const;
  const healthCheck = { probe, endpointName: "", intervalMs: 1_000, timeoutMs: 500, ...thresholds };
  const draining = { health: "draining", drainMs: 2_000 } as const;
  const session = { kind: "session", sessionId: "s-1" } as const;
  const lease = { kind: "lease", ttlMs: 1_000 } as const;
  expect(fieldsOf({}, { weight: 5, healthCheck, locality: { region: "eu", zone: "", subZone: "" } })).toBe(
    "locality,weight,health_check",
  );
  expect(fieldsOf(draining, { ...draining, reportedHealth: "degraded" })).toBe("reported_health");
  expect(fieldsOf({ holder: session }, { holder: { ...session, sessionId: "s-2" } })).toBe("session_id");
  expect(fieldsOf({ holder: lease }, { holder: { ...lease, ttlMs: 2_000 } })).toBe("ttl");
  expect(fieldsOf({ holder: session }, { holder: lease })).toBe("session_id,ttl");
});

test("a change that is none of the named fields is still an event", () => {
  expect(told(set("update", step(instance("a1"), instance("a1"))))).toEqual([
    "instance.updated: checkout/a1 updated by session:s-12",
  ]);
});

test("an instance leaves by deregistration or by expiry, as the cause says", () => {
  const gone = step(instance("a1"), undefined);
  const types = (["deregister", "drained", "session-closed", "lease-expired", "session-expired"] as const).map(
    (cause) => eventsOf(set(cause, gone))[0]?.type,
  );
  expect(types).toEqual([
    "instance.deregistered",
    "instance.deregistered",
    "instance.deregistered",
    "instance.expired",
    "instance.expired",
  ]);
});

test("a commit of many changes is an event for each, in their order", () => {
  const changes = ["a", "b", "c"].map((id) => step(instance(id), undefined));
  const events = eventsOf(set("session-expired", ...changes));
  expect(events.map(({ instanceId }) => instanceId)).toEqual(["a", "b", "c"]);
  expect(events.map(({ place }) => place.order)).toEqual([0, 1, 2]);
});

test("services are put and deleted", () => {
  const service = aService("cart") as unknown as Entity;
  expect(told(set("service-put", step(undefined, service)))).toEqual(["service.put: cart created by session:s-12"]);
  expect(told(set("service-put", step(service, service)))).toEqual(["service.put: cart changed by session:s-12"]);
  expect(told(set("service-deleted", step(service, undefined)))).toEqual([
    "service.deleted: cart deleted by session:s-12",
  ]);
});

test("what happens to a session has no revision, and its client and address", () => {
  const event = { timeMs: 5, sessionId: "s-1", client: "host/7", address: "10.0.0.9:4000", instances: 2 };
  expect(noticeDraft({ type: "session.broken", ...event })).toMatchObject({
    revision: 0n,
    timeMs: 5,
    type: "session.broken",
    actor: "session:s-1",
    message: "broken with 2 instances",
    attributes: { session: "s-1", client: "host/7", address: "10.0.0.9:4000", instances: "2" },
  });
});

test("a session's message is short: who opened it, then what it holds", () => {
  const message = (type: SessionEvent["type"], instances: number, client = "portolan register on vm") =>
    noticeDraft({ type, timeMs: 5, sessionId: "s-1", client, address: "", instances }).message;
  expect(message("session.opened", 0)).toBe('opened by "portolan register on vm"');
  expect(message("session.opened", 0, "")).toBe("opened by an unnamed client");
  expect(message("session.opened", 0, 'a "b"\n')).toBe('opened by "a \\"b\\"\\n"');
  expect(message("session.resumed", 1)).toBe("resumed with 1 instance");
  expect(message("session.broken", 2)).toBe("broken with 2 instances");
  expect(message("session.closed", 0)).toBe("closed with 0 instances");
  expect(message("session.expired", 1)).toBe("expired with 1 instance");
});

test("a pause of expiry is told with how many clients were lost, its end with the reason", () => {
  const event = { timeMs: 5, lostClients: 12, clients: 20 };
  expect(noticeDraft({ type: "expiry.paused", ...event, reason: "" })).toMatchObject({
    revision: 0n,
    type: "expiry.paused",
    actor: "system:health",
    service: "",
    message: "nothing expires: 12 of 20 clients were lost at once",
    attributes: { lost_clients: "12", clients: "20", reason: "" },
  });
  expect(noticeDraft({ type: "expiry.resumed", ...event, reason: "time over" }).message).toBe(
    "what is lost expires again: time over",
  );
});

test("an order, and a weight that grows, are named as what changed", () => {
  const ordered = { health: "serving", reason: "the probe is wrong", actor: "alice" } as const;
  expect(told(set("override", step(instance("a1"), instance("a1", { voices: { ordered } }))))[0]).toContain(
    "health_override",
  );
  expect(
    told(set("health", step(instance("a1", { slowStartPercent: 10 }), instance("a1", { slowStartPercent: 20 }))))[0],
  ).toContain("slow_start_percent");
});
