import fc from "fast-check";
import { expect, test } from "vitest";
import { Model, type Step } from "./support/model.js";
import { alice, aSpec, leased, refTo, type Started, startRegistry } from "./support/start.js";

const id = fc.constantFrom("a", "b", "c");
const version = fc.constantFrom("1", "2");
const slot = fc.nat(2);
const ttlMs = fc.constantFrom(0, 1_000, 3_000);
const drainMs = fc.constantFrom(0, 500, 2_000);
const sessionTtlMs = fc.constantFrom(1_000, 2_500);
const a = <D extends Step["do"]>(name: D) => fc.constant(name);

const aStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: a("register"), id, version, ttlMs }),
  fc.record({ do: a("renew"), id }),
  fc.record({ do: a("update"), id, version }),
  fc.record({ do: a("deregister"), id, drainMs }),
  fc.record({ do: a("open"), slot, ttlMs: sessionTtlMs }),
  { weight: 2, arbitrary: fc.record({ do: a("hold"), slot, id, version }) },
  fc.record({ do: a("release"), slot, id }),
  fc.record({ do: fc.constantFrom("break" as const, "resume" as const, "close" as const), slot }),
  { weight: 3, arbitrary: fc.record({ do: a("pass"), ms: fc.integer({ min: 1, max: 2_500 }) }) },
  fc.record({ do: a("restart") }),
);

test("whatever clients do, what stands is what the model says: nothing leaves early, nothing stays late", () =>
  fc.assert(
    fc.asyncProperty(fc.array(aStep, { maxLength: 50, size: "max" }), async (steps) => {
      await using plane = startRegistry();
      const model = new Model(plane);
      for (const step of steps) await model.take(step);
      expect(model.faults).toEqual([]);
    }),
    { numRuns: 300 },
  ));

/** What happens to the disk, among what clients do without waiting for each other. */
type Turn = Step | { readonly disk: "hold" | "release" | "fail" | "heal" };
const aTurn: fc.Arbitrary<Turn> = fc.oneof(
  { weight: 6, arbitrary: aStep.filter((step) => step.do !== "restart") },
  fc.record({ disk: fc.constantFrom("hold" as const, "release" as const, "fail" as const, "heal" as const) }),
);

test("whatever happens at once, and however the disk behaves, nothing is left without its holder", () =>
  fc.assert(
    fc.asyncProperty(fc.array(aTurn, { maxLength: 50, size: "max" }), async (turns) => {
      await using plane = startRegistry({ maxCommitChanges: 2 });
      const clients = await Promise.all([0, 1, 2].map(() => plane.open({ ttlMs: 1_000 })));
      const calls: Promise<unknown>[] = [];
      for (const turn of turns) {
        calls.push(start(plane, clients, turn).catch(() => undefined));
        await Promise.resolve();
      }
      plane.shaky.heal();
      plane.shaky.release();
      await Promise.all(calls);
      await plane.pass(10_000);
      await expectHeld(plane);
    }),
    { numRuns: 300 },
  ));

type Clients = Awaited<ReturnType<Started["open"]>>[];

/** Does what a turn says without waiting for it. Sessions are opened beforehand. */
async function start(plane: Started, clients: Clients, turn: Turn): Promise<unknown> {
  if ("disk" in turn) return plane.shaky[turn.disk]();
  if (turn.do === "pass") return plane.clock.advance(turn.ms);
  if (turn.do === "renew") return await plane.registry.renew([refTo(turn.id)], alice);
  if (turn.do === "register") return await plane.registry.register([leased(turn.id, 2_000, turn)], alice);
  if (turn.do === "update") return await plane.registry.update(refTo(turn.id), turn, undefined, alice);
  if (turn.do === "deregister") return await plane.registry.deregister(refTo(turn.id), turn.drainMs, alice);
  if (turn.do === "open" || turn.do === "restart") return;
  return await startInSession(plane, clients, turn);
}

async function startInSession(
  plane: Started,
  clients: Clients,
  turn: Extract<Step, { readonly slot: number }>,
): Promise<unknown> {
  const session = clients[turn.slot]?.session;
  if (!session) return;
  if (turn.do === "hold") return await session.register(aSpec(turn.id, { version: turn.version }));
  if (turn.do === "release") return await session.deregister(refTo(turn.id), 0);
  if (turn.do === "break") return session.break();
  if (turn.do === "close") return await session.close();
  if (turn.do !== "resume") return;
  clients[turn.slot] = await plane.open({ resumeToken: session.resumeToken });
}

/** After all leases, drains and TTLs passed: what stands is held by sessions that are attached, and they know it. */
async function expectHeld(plane: Started): Promise<void> {
  const { known, attached } = plane.registry.sessionCounts();
  expect(known).toBe(attached);
  const records = plane.store.sessions();
  expect(records).toHaveLength(known);
  for (const { kind, value } of plane.store.snapshot().entities) {
    if (kind !== "instance") continue;
    const { holder } = value;
    expect(holder.kind).toBe("session");
    if (holder.kind === "session") expect(records.map((record) => record.id)).toContain(holder.sessionId);
  }
  plane.feed.forEach(({ revision }, index) => void expect(revision).toBe(BigInt(index + 1)));
}
