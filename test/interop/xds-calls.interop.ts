import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Greeter } from "./support/greeter.js";
import { answerers } from "./support/xds-caller.js";
import { Callers, EVERYBODY } from "./support/xds-callers.js";
import { type Registration, XdsWorld } from "./support/xds-world.js";

/** One service and its callers, who call it all the time: each test changes its instances. */
describe("callers over xDS", () => {
  let world: XdsWorld;
  let callers: Callers;
  /** id -> the server that runs under it. */
  const greeters = new Map<string, Greeter>();
  let registered: string[] = [];

  beforeAll(async () => {
    world = await XdsWorld.start();
    await register({ a: {}, b: {} });
    callers = await Callers.start(world, "hello", EVERYBODY);
    await callers.each((caller) => caller.succeeds());
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test("spread their calls over all instances", async () => {
    const called = await callers.each(async (caller) => answerers(await caller.next(40)));
    expect(called).toEqual(callers.all(["a", "b"]));
  });

  test("lose no call while all instances are replaced, again and again", async () => {
    const replace = async () => {
      for (const round of [1, 2, 3]) await replaceAll([`x${round}`, `y${round}`]);
    };
    expect(await callers.failuresDuring(replace)).toEqual(callers.all([]));
  });

  test("call an instance of weight 300 three times as often as one of 100", async () => {
    await become({ heavy: { weight: 300 }, light: { weight: 100 } });
    const shares = await callers.each(async (caller) => {
      const calls = await caller.next(400);
      return calls.filter(({ from }) => from === "heavy").length / calls.length;
    });
    for (const [kind, share] of Object.entries(shares)) {
      expect(share, kind).toBeGreaterThan(0.65);
      expect(share, kind).toBeLessThan(0.85);
    }
  });

  test("call instances in their own zone, others when those are gone, and theirs again; no call fails", async () => {
    const fail = async () => {
      await become({ near: { zone: "z" }, far: { zone: "y" } }, ["near"]);
      await become({ far: { zone: "y" } });
      await become({ near: { zone: "z" }, far: { zone: "y" } }, ["near"]);
    };
    expect(await callers.failuresDuring(fail)).toEqual(callers.all([]));
  });

  test("go on while the plane is dead, and hear of changes once it is back", async () => {
    const crash = async () => {
      await world.plane.kill();
      await callers.each((caller) => caller.next(100));
      await world.plane.start();
      await become({ near: { zone: "z" }, new: { zone: "z" } });
    };
    expect(await callers.failuresDuring(crash)).toEqual(callers.all([]));
  });

  test("are proxies that refused nothing in all that time", async () => {
    for (const envoy of world.envoys) {
      expect(await envoy.rejected()).toEqual({ cds: 0, lds: 0, rds: 0, eds: 0 });
      expect(await envoy.config()).toContain("hello.default");
      expect(await envoy.config()).not.toContain("error_state");
    }
  });

  /** Starts what is not running, and registers all of it. */
  async function register(instances: Readonly<Record<string, Registration>>): Promise<void> {
    for (const [id, how] of Object.entries(instances)) {
      const greeter = greeters.get(id) ?? (await world.greeter(id));
      greeters.set(id, greeter);
      await world.register("hello", greeter, how);
    }
    registered = [...new Set([...registered, ...Object.keys(instances)])];
  }

  /** Makes these the only instances, and waits until the `called` ones alone are called. */
  async function become(instances: Readonly<Record<string, Registration>>, called = Object.keys(instances)) {
    await register(instances);
    for (const id of registered.filter((one) => !(one in instances))) await world.deregister("hello", id);
    registered = Object.keys(instances);
    await callers.each((caller) => caller.isAnsweredBy(called));
  }

  /** As an operator: starts the new ones, drains the old ones and then stops them. */
  async function replaceAll(ids: readonly string[]): Promise<void> {
    const former = registered;
    await register(Object.fromEntries(ids.map((id) => [id, {}])));
    await Promise.all(former.map((id) => world.drain("hello", id)));
    registered = [...ids];
    const called = await callers.each(async (caller) => answerers(await caller.next(20)));
    expect(called).toEqual(callers.all(ids));
    for (const id of former) await greeters.get(id)?.program.kill("SIGTERM");
  }
});
