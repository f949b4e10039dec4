import { describe, expect, test } from "vitest";
import { alice, aSpec, leased, reasonOf, refTo, startRegistry } from "../support/start.js";

const operator = { actor: "operator", address: "" };
const service = { namespace: "default", name: "checkout" };
const drain = { health: "draining", reason: "new kernel" } as const;

describe("an order", () => {
  test("is told with its reason, its author and its cause", async () => {
    await using plane = startRegistry();
    await plane.registry.register([leased("a", 0)], alice);
    const { value, revision } = await plane.registry.orderHealth(refTo("a"), drain, undefined, operator);
    expect(value).toMatchObject({ health: "draining", healthReason: "new kernel", reportedHealth: "serving" });
    expect(value.voices).toEqual({ ordered: { ...drain, actor: "operator" } });
    expect(plane.feed.at(-1)).toMatchObject({ revision, cause: "override", actor: "operator" });
  });

  test("given again commits nothing; another takes its place", async () => {
    await using plane = startRegistry();
    await plane.registry.register([leased("a", 0)], alice);
    const { revision } = await plane.registry.orderHealth(refTo("a"), drain, undefined, operator);
    expect((await plane.registry.orderHealth(refTo("a"), drain, undefined, operator)).revision).toBe(revision);
    const other = { health: "not-serving", reason: "broken" } as const;
    await plane.registry.orderHealth(refTo("a"), other, undefined, operator);
    expect(plane.instance("a")).toMatchObject({ health: "not-serving", healthReason: "broken" });
  });

  test("outlasts updates, registering again, a new owner and a restart", async () => {
    await using plane = startRegistry();
    await plane.registry.register([leased("a", 0)], alice);
    await plane.registry.orderHealth(refTo("a"), drain, undefined, operator);
    await plane.registry.update(refTo("a"), { version: "2" }, undefined, alice);
    await plane.registry.register([leased("a", 30_000, { version: "3" })], alice);
    const { session } = await plane.open();
    await session.register(aSpec("a", { version: "4" }));
    await plane.restart();
    expect(plane.instance("a")).toMatchObject({ version: "4", health: "draining", healthReason: "new kernel" });
  });

  test("ends by itself at its time, also over a restart", async () => {
    await using plane = startRegistry();
    await plane.registry.register([leased("a", 0)], alice);
    await plane.registry.orderHealth(refTo("a"), { ...drain, lastsMs: 60_000 }, undefined, operator);
    await plane.pass(30_000, 5_000);
    await plane.restart();
    await plane.pass(29_000, 1_000);
    expect(plane.instance("a")?.health).toBe("draining");
    await plane.pass(2_000);
    expect(plane.instance("a")).toMatchObject({ health: "serving", healthReason: "" });
    expect(plane.instance("a")?.voices).toBeUndefined();
    expect(plane.feed.at(-1)).toMatchObject({ cause: "health", actor: "system:health" });
  });

  test("of an instance that is not there is NOT_FOUND, and one on another revision a conflict", async () => {
    await using plane = startRegistry();
    expect(await reasonOf(plane.registry.orderHealth(refTo("a"), drain, undefined, operator))).toBe("NOT_FOUND");
    await plane.registry.register([leased("a", 0)], alice);
    expect(await reasonOf(plane.registry.orderHealth(refTo("a"), drain, 7n, operator))).toBe("REVISION_CONFLICT");
    expect(plane.instance("a")?.health).toBe("serving");
  });

  test("to drain is told to the session that holds the instance, once, and again to who resumes it", async () => {
    await using plane = startRegistry();
    const { session, directives } = await plane.open();
    await session.register(aSpec("a"));
    await plane.registry.orderHealth(refTo("a"), drain, undefined, operator);
    await plane.registry.update(refTo("a"), { version: "2" }, undefined, operator);
    await plane.durable();
    expect(directives).toEqual([{ kind: "drain", instance: refTo("a") }]);
    session.break();
    const resumed = await plane.open({ resumeToken: session.resumeToken });
    expect(resumed.session.draining).toEqual([refTo("a")]);
  });

  test("to be out tells the session nothing: it has nothing to do", async () => {
    await using plane = startRegistry();
    const { session, directives } = await plane.open();
    await session.register(aSpec("a"));
    await plane.registry.orderHealth(refTo("a"), { health: "not-serving", reason: "x" }, undefined, operator);
    await plane.durable();
    expect(directives).toEqual([]);
  });
});

describe("taking an order back", () => {
  test("leaves the instance as it says itself, and says whether there was one", async () => {
    await using plane = startRegistry();
    await plane.registry.register([leased("a", 0, { reportedHealth: "degraded" })], alice);
    await plane.registry.orderHealth(refTo("a"), drain, undefined, operator);
    expect((await plane.registry.clearOrder(refTo("a"), operator)).value).toBe(1);
    expect(plane.instance("a")).toMatchObject({ health: "degraded", healthReason: "" });
    expect((await plane.registry.clearOrder(refTo("a"), operator)).value).toBe(0);
    expect(await reasonOf(plane.registry.clearOrder(refTo("b"), operator))).toBe("NOT_FOUND");
  });
});

describe("draining a service", () => {
  test("orders all that it has now, in few commits; those that come later take calls", async () => {
    await using plane = startRegistry();
    const many = Array.from({ length: 1_200 }, (_, index) => leased(`i-${index}`, 0));
    await plane.registry.register(many, alice);
    const before = plane.feed.length;
    expect((await plane.registry.drainService(service, { reason: "moving" }, operator)).value).toBe(1_200);
    expect(plane.feed.length - before).toBe(3);
    await plane.registry.register([leased("new", 0)], alice);
    expect(plane.instance("i-1199")).toMatchObject({ health: "draining", healthReason: "moving" });
    expect(plane.instance("new")?.health).toBe("serving");
    expect((await plane.registry.drainService(service, { reason: "moving" }, operator)).value).toBe(1);
  });

  test("can be taken back for all", async () => {
    await using plane = startRegistry();
    await plane.registry.register([leased("a", 0), leased("b", 0)], alice);
    await plane.registry.drainService(service, { reason: "moving" }, operator);
    expect((await plane.registry.clearOrders(service, operator)).value).toBe(2);
    expect(plane.instance("a")?.health).toBe("serving");
    expect(plane.instance("b")?.health).toBe("serving");
  });

  test("that does not exist is NOT_FOUND", async () => {
    await using plane = startRegistry();
    expect(await reasonOf(plane.registry.drainService(service, { reason: "x" }, operator))).toBe("NOT_FOUND");
    expect(await reasonOf(plane.registry.clearOrders(service, operator))).toBe("NOT_FOUND");
  });
});
