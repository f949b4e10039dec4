import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMassLoss } from "../../src/registry/expiry/guard-rule.js";
import { aSpec, type Client, leased, refTo, type Started, startRegistry } from "./support/start.js";

const guard = { minClients: 10, maxLostPercent: 30, maxPauseMs: 300_000 };

/** So many sessions with an instance each. */
async function sessions(plane: Started, count: number): Promise<Client[]> {
  const all: Client[] = [];
  for (let n = 0; n < count; n++) {
    const client = await plane.open({ ttlMs: 15_000 });
    await client.session.register(aSpec(`i-${n}`));
    all.push(client);
  }
  return all;
}

const at = (host: number) => ({ actor: "anonymous", address: `10.0.0.${host}:4000` });

/** So many addresses with a lease each. */
async function hosts(plane: Started, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await plane.registry.register([leased(`h-${n}`, 10_000)], at(n));
}

test.each([
  [9, 9, false],
  [10, 10, true],
  [10, 33, true],
  [10, 34, false],
  [30, 100, false],
  [31, 100, true],
])("%d of %d lost is a mass: %s", (lost, all, mass) => {
  expect(isMassLoss(lost, all, guard)).toBe(mass);
});

test("100 percent turns the guard off", () => {
  expect(isMassLoss(100, 100, { ...guard, maxLostPercent: 100 })).toBe(false);
});

describe("when many sessions break at once", () => {
  test("nothing expires, and that is told", async () => {
    await using plane = startRegistry();
    const all = await sessions(plane, 50);
    for (const { session } of all.slice(0, 30)) session.break();
    await plane.pass(60_000, 1_000);
    expect(plane.ids()).toHaveLength(50);
    expect(plane.registry.expiryGuard()).toEqual({ paused: true, lostClients: 30, clients: 50 });
    expect(plane.guardEvents).toMatchObject([{ type: "expiry.paused", lostClients: 30, clients: 50, reason: "" }]);
    expect(await plane.metrics.metrics()).toContain("portolan_registry_expiry_paused 1");
  });

  test("those who come back find all as it was, and the pause ends with them; who is dead then goes", async () => {
    await using plane = startRegistry();
    const all = await sessions(plane, 50);
    for (const { session } of all.slice(0, 30)) session.break();
    await plane.pass(60_000, 1_000);
    for (const { session } of all.slice(0, 25)) {
      const resumed = await plane.open({ resumeToken: session.resumeToken });
      expect(resumed.session.held).toHaveLength(1);
    }
    expect(plane.guardEvents.at(-1)).toMatchObject({ type: "expiry.resumed", reason: "clients came back" });
    await plane.pass(3_000);
    expect(plane.ids()).toHaveLength(45);
  });

  test("the pause is bounded: what is dead goes in the end, and starts no new pause", async () => {
    await using plane = startRegistry();
    const all = await sessions(plane, 50);
    for (const { session } of all.slice(0, 30)) session.break();
    await plane.pass(330_000, 1_000);
    expect(plane.ids()).toHaveLength(20);
    expect(plane.guardEvents).toHaveLength(2);
    expect(plane.guardEvents.at(-1)).toMatchObject({ type: "expiry.resumed", reason: "time over" });
    expect(plane.registry.expiryGuard()).toEqual({ paused: false, lostClients: 0, clients: 20 });
  });

  test("a client that closes its session leaves at once all the same", async () => {
    await using plane = startRegistry();
    const all = await sessions(plane, 50);
    for (const { session } of all.slice(0, 30)) session.break();
    await plane.pass(30_000, 1_000);
    await all[40]?.session.close();
    expect(plane.ids()).toHaveLength(49);
  });

  test("drains go on", async () => {
    await using plane = startRegistry();
    const all = await sessions(plane, 20);
    for (const { session } of all.slice(0, 12)) session.break();
    await plane.pass(20_000, 1_000);
    await plane.registry.deregister(refTo("i-15"), 2_000, at(1));
    await plane.pass(4_000);
    expect(plane.ids()).toHaveLength(19);
  });

  test("an expiry that is put off because the store cannot write is still guarded", async () => {
    await using plane = startRegistry();
    const all = await sessions(plane, 40);
    all[0]?.session.break();
    plane.shaky.fail();
    await plane.pass(16_000, 1_000);
    for (const { session } of all.slice(1, 21)) session.break();
    plane.shaky.heal();
    await plane.pass(60_000, 1_000);
    expect(plane.ids().length).toBeGreaterThanOrEqual(39);
    expect(plane.registry.expiryGuard().paused).toBe(true);
  });
});

describe("no mass is", () => {
  test("one session that dies with 200 instances: they leave at its TTL, in silence", async () => {
    await using plane = startRegistry();
    await sessions(plane, 12);
    const { session } = await plane.open({ ttlMs: 15_000 });
    for (let n = 0; n < 200; n++) await session.register(aSpec(`x-${n}`));
    session.break();
    await plane.pass(16_500, 500);
    expect(plane.ids()).toHaveLength(12);
    expect(plane.guardEvents).toEqual([]);
  });

  test("a few of many", async () => {
    await using plane = startRegistry();
    const all = await sessions(plane, 50);
    for (const { session } of all.slice(0, 15)) session.break();
    await plane.pass(17_000, 500);
    expect(plane.ids()).toHaveLength(35);
    expect(plane.guardEvents).toEqual([]);
  });

  test("many who die one after the other, each a TTL apart", async () => {
    await using plane = startRegistry();
    const all = await sessions(plane, 20);
    for (const { session } of all) {
      session.break();
      await plane.pass(40_000, 2_000);
    }
    expect(plane.ids()).toEqual([]);
    expect(plane.guardEvents).toEqual([]);
  });

  test("one address that registered 100 leases and dies", async () => {
    await using plane = startRegistry();
    await sessions(plane, 20);
    for (let n = 0; n < 100; n++) await plane.registry.register([leased(`l-${n}`, 10_000)], at(1));
    await plane.pass(12_000, 500);
    expect(plane.ids()).toHaveLength(20);
    expect(plane.guardEvents).toEqual([]);
  });
});

describe("when many addresses stop renewing at once", () => {
  test("the leases of most stay, and a renewal during the pause finds them", async () => {
    await using plane = startRegistry();
    await hosts(plane, 40);
    await plane.pass(30_000, 1_000);
    expect(plane.registry.expiryGuard().paused).toBe(true);
    expect(plane.ids()).toHaveLength(40);
    const refs = Array.from({ length: 40 }, (_, n) => refTo(`h-${n}`));
    expect(await plane.registry.renew(refs, at(1))).toEqual([]);
    expect(plane.registry.expiryGuard()).toEqual({ paused: false, lostClients: 0, clients: 40 });
  });

  test("an address of which one lease of two is renewed is not lost", async () => {
    await using plane = startRegistry();
    await hosts(plane, 20);
    for (let n = 0; n < 20; n++) await plane.registry.register([leased(`k-${n}`, 10_000)], at(n));
    for (let s = 0; s < 6; s++) {
      await plane.pass(4_000, 1_000);
      const refs = Array.from({ length: 20 }, (_, n) => refTo(`k-${n}`));
      await plane.registry.renew(refs, at(1));
    }
    expect(plane.ids()).toHaveLength(20);
    expect(plane.guardEvents).toEqual([]);
  });

  test("after a restart the address of the instance stands for the client that nobody knows", async () => {
    await using plane = startRegistry();
    await hosts(plane, 40);
    await plane.restart();
    await plane.pass(30_000, 1_000);
    // All are registered at one address in this test: one client.
    expect(plane.ids()).toEqual([]);
  });
});

test("after a restart sessions that nobody resumes are a mass, and go in the end", async () => {
  await using plane = startRegistry();
  await sessions(plane, 30);
  await plane.restart();
  await plane.pass(60_000, 1_000);
  expect(plane.ids()).toHaveLength(30);
  expect(plane.registry.expiryGuard().paused).toBe(true);
  await plane.pass(300_000, 1_000);
  expect(plane.ids()).toEqual([]);
});

test("whatever breaks, resumes and passes: who is dead is gone within its TTL and the longest pause", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          { weight: 5, arbitrary: fc.record({ do: fc.constant("break" as const), slot: fc.nat(14) }) },
          { weight: 3, arbitrary: fc.record({ do: fc.constant("resume" as const), slot: fc.nat(14) }) },
          { weight: 2, arbitrary: fc.record({ do: fc.constant("pass" as const), s: fc.integer({ min: 1, max: 40 }) }) },
        ),
        { maxLength: 60 },
      ),
      async (steps) => {
        await using plane = startRegistry({ expiryGuard: { minClients: 3, maxLostPercent: 30, maxPauseMs: 60_000 } });
        const all = await sessions(plane, 15);
        const broken = new Set<number>();
        for (const step of steps) {
          const client = step.do === "pass" ? undefined : all[step.slot];
          if (step.do === "pass") await plane.pass(step.s * 1_000, 1_000);
          else if (step.do === "break" && !broken.has(step.slot)) {
            client?.session.break();
            broken.add(step.slot);
          } else if (step.do === "resume" && broken.has(step.slot) && client) {
            const resumed = await plane.open({ resumeToken: client.session.resumeToken }).catch(() => undefined);
            if (resumed) {
              all[step.slot] = resumed;
              broken.delete(step.slot);
            }
          }
        }
        await plane.pass(15_000 + 60_000 + 15_000 + 4_000, 1_000);
        expect(plane.ids()).toHaveLength(15 - broken.size);
        expect(plane.registry.expiryGuard().paused).toBe(false);
      },
    ),
    { numRuns: 60 },
  ));
