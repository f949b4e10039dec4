import type { Fault, Instance } from "../../../src/model/index.js";
import { alice, aSpec, type Client, faultOf, leased, reasonOf, refTo, type Started } from "./start.js";

/** How late an expiry may be. */
const GRACE_MS = 1_000;

interface ModelSession {
  readonly client: Client;
  readonly ttlMs: number;
  readonly fenced: Set<string>;
  /** When it ends unless it is resumed; undefined while it is attached. */
  endsAtMs: number | undefined;
}

interface ModelInstance {
  readonly version: string;
  /** A session's slot, or the length of a lease; 0 for nothing. */
  readonly holder: { readonly slot: number; readonly sessionId: string } | { readonly ttlMs: number };
  leaseEndsAtMs: number | undefined;
  drain: { readonly ms: number; endsAtMs: number } | undefined;
}

/** One thing that clients, time or an operator do. Slots name sessions. */
export type Step =
  | { readonly do: "register"; readonly id: string; readonly version: string; readonly ttlMs: number }
  | { readonly do: "renew"; readonly id: string }
  | { readonly do: "update"; readonly id: string; readonly version: string }
  | { readonly do: "deregister"; readonly id: string; readonly drainMs: number }
  | { readonly do: "open"; readonly slot: number; readonly ttlMs: number }
  | { readonly do: "hold"; readonly slot: number; readonly id: string; readonly version: string }
  | { readonly do: "release"; readonly slot: number; readonly id: string }
  | { readonly do: "break" | "resume" | "close"; readonly slot: number }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "restart" };

/** A small registry that says what has to stand after each step, and compares. */
export class Model {
  readonly #plane: Started;
  readonly #instances = new Map<string, ModelInstance>();
  readonly #sessions = new Map<number, ModelSession>();
  readonly faults: string[] = [];

  constructor(plane: Started) {
    this.#plane = plane;
  }

  /** Takes one step in both, and compares what stands. */
  async take(step: Step): Promise<void> {
    await this.#apply(step);
    await this.#plane.durable();
    this.#compare();
  }

  async #apply(step: Step): Promise<void> {
    if (step.do === "register") return await this.#register(step.id, step.version, step.ttlMs);
    if (step.do === "renew") return await this.#renew(step.id);
    if (step.do === "update") return await this.#update(step.id, step.version);
    if (step.do === "deregister") return await this.#deregister(step.id, step.drainMs);
    if (step.do === "pass") return await this.#plane.pass(step.ms);
    if (step.do === "restart") return await this.#restart();
    if (step.do === "open") return await this.#open(step.slot, step.ttlMs);
    const session = this.#sessions.get(step.slot);
    if (!session) return;
    if (step.do === "resume") return await this.#resume(step.slot, session);
    if (session.endsAtMs !== undefined) return;
    if (step.do === "hold") return await this.#hold(step.slot, session, step.id, step.version);
    if (step.do === "release") return await this.#release(session, step.id);
    if (step.do === "break") return this.#break(session);
    await this.#close(step.slot, session);
  }

  async #register(id: string, version: string, ttlMs: number): Promise<void> {
    await this.#plane.registry.register([leased(id, ttlMs, { version })], alice);
    this.#fence(id, undefined);
    const leaseEndsAtMs = ttlMs > 0 ? this.#nowMs() + ttlMs : undefined;
    this.#instances.set(id, { version, holder: { ttlMs }, leaseEndsAtMs, drain: undefined });
  }

  async #renew(id: string): Promise<void> {
    const missing = await this.#plane.registry.renew([refTo(id)], alice);
    const instance = this.#instances.get(id);
    this.#expect(missing.length === 0, instance !== undefined, `renewing ${id}`);
    if (instance && "ttlMs" in instance.holder && instance.holder.ttlMs > 0) {
      instance.leaseEndsAtMs = this.#nowMs() + instance.holder.ttlMs;
    }
  }

  async #update(id: string, version: string): Promise<void> {
    const reason = await reasonOf(this.#plane.registry.update(refTo(id), { version }, undefined, alice));
    const instance = this.#instances.get(id);
    this.#expect(reason, instance ? undefined : "NOT_FOUND", `updating ${id}`);
    if (instance) this.#instances.set(id, { ...instance, version });
  }

  async #deregister(id: string, drainMs: number): Promise<void> {
    const revision = await this.#plane.registry.deregister(refTo(id), drainMs, alice);
    this.#expect(revision > 0n, this.#instances.has(id), `deregistering ${id}`);
    this.#leave(id, drainMs);
  }

  async #open(slot: number, ttlMs: number): Promise<void> {
    if (this.#sessions.has(slot)) return;
    const client = await this.#plane.open({ ttlMs });
    this.#sessions.set(slot, { client, ttlMs, fenced: new Set(), endsAtMs: undefined });
  }

  async #hold(slot: number, session: ModelSession, id: string, version: string): Promise<void> {
    const reason = await reasonOf(session.client.session.register(aSpec(id, { version })));
    this.#expect(reason, session.fenced.has(id) ? "SUPERSEDED" : undefined, `${slot} registering ${id}`);
    if (reason) return;
    const sessionId = session.client.session.id;
    this.#fence(id, sessionId);
    this.#instances.set(id, { version, holder: { slot, sessionId }, leaseEndsAtMs: undefined, drain: undefined });
  }

  async #release(session: ModelSession, id: string): Promise<void> {
    const fault: Fault | undefined = await faultOf(session.client.session.deregister(refTo(id), 0));
    this.#expect(fault?.reason, session.fenced.has(id) ? "SUPERSEDED" : undefined, `releasing ${id}`);
    if (!fault) this.#leave(id, 0);
  }

  #break(session: ModelSession): void {
    session.client.session.break();
    session.endsAtMs = this.#nowMs() + session.ttlMs;
  }

  async #resume(slot: number, session: ModelSession): Promise<void> {
    const before = this.#plane.feed.length;
    const client = await this.#plane.open({ resumeToken: session.client.session.resumeToken });
    this.#expect(this.#plane.feed.length, before, "changes by resuming");
    const held = client.session.held.map(({ id }) => id).sort();
    this.#expect(held.join(), this.#heldBy(slot).join(), `held by ${slot}`);
    this.#sessions.set(slot, { ...session, client, endsAtMs: undefined });
  }

  async #close(slot: number, session: ModelSession): Promise<void> {
    await session.client.session.close();
    this.#end(slot);
  }

  async #restart(): Promise<void> {
    await this.#plane.restart();
    const nowMs = this.#nowMs();
    for (const session of this.#sessions.values()) session.endsAtMs = nowMs + session.ttlMs;
    for (const instance of this.#instances.values()) {
      if ("ttlMs" in instance.holder && instance.leaseEndsAtMs) instance.leaseEndsAtMs = nowMs + instance.holder.ttlMs;
      if (instance.drain) instance.drain.endsAtMs = nowMs + instance.drain.ms;
    }
  }

  #leave(id: string, drainMs: number): void {
    const instance = this.#instances.get(id);
    if (!instance) return;
    if (drainMs === 0) this.#instances.delete(id);
    else if (instance.drain?.ms !== drainMs) instance.drain = { ms: drainMs, endsAtMs: this.#nowMs() + drainMs };
  }

  #fence(id: string, bySessionId: string | undefined): void {
    const holder = this.#instances.get(id)?.holder;
    if (holder && "slot" in holder && holder.sessionId !== bySessionId) this.#sessions.get(holder.slot)?.fenced.add(id);
  }

  #heldBy(slot: number): string[] {
    const isHeld = ([, { holder }]: [string, ModelInstance]) => "slot" in holder && holder.slot === slot;
    return [...this.#instances]
      .filter(isHeld)
      .map(([id]) => id)
      .sort();
  }

  #end(slot: number): void {
    for (const id of this.#heldBy(slot)) this.#instances.delete(id);
    this.#sessions.delete(slot);
  }

  #compare(): void {
    for (const [slot, session] of [...this.#sessions]) {
      const stands = this.#plane.record(session.client.session.id) !== undefined;
      if (this.#mayBeGone(stands, session.endsAtMs, `session ${slot}`)) this.#end(slot);
    }
    for (const [id, instance] of [...this.#instances]) {
      const actual = this.#plane.instance(id);
      if (this.#mayBeGone(actual !== undefined, this.#endOf(instance), `instance ${id}`)) this.#instances.delete(id);
      if (actual) this.#compareInstance(id, instance, actual);
    }
    this.#expect(this.#plane.ids().join(), [...this.#instances.keys()].sort().join(), "ids");
    this.#plane.feed.forEach(({ revision }, index) => void this.#expect(revision, BigInt(index + 1), "revision"));
  }

  #compareInstance(id: string, { version, holder, drain }: ModelInstance, actual: Instance): void {
    this.#expect(actual.version, version, `version of ${id}`);
    this.#expect(actual.drainMs, drain?.ms, `drain of ${id}`);
    const sessionId = actual.holder.kind === "session" ? actual.holder.sessionId : undefined;
    this.#expect(sessionId, "slot" in holder ? holder.sessionId : undefined, `holder of ${id}`);
    if (sessionId) this.#expect(this.#plane.record(sessionId) !== undefined, true, `the session of ${id} is known`);
  }

  /** True when it is gone, and had to be or could be. Says so when it left early, or is still there after the grace. */
  #mayBeGone(stands: boolean, endsAtMs: number | undefined, what: string): boolean {
    const nowMs = this.#nowMs();
    if (stands) this.#expect(nowMs > (endsAtMs ?? nowMs) + GRACE_MS, false, `${what} is late`);
    else this.#expect(nowMs < (endsAtMs ?? Number.POSITIVE_INFINITY), false, `${what} left early`);
    return !stands;
  }

  #endOf({ holder, leaseEndsAtMs, drain }: ModelInstance): number | undefined {
    const sessionEndsAtMs = "slot" in holder ? this.#sessions.get(holder.slot)?.endsAtMs : undefined;
    const ends = [leaseEndsAtMs, drain?.endsAtMs, sessionEndsAtMs].filter((end) => end !== undefined);
    return ends.length > 0 ? Math.min(...ends) : undefined;
  }

  #nowMs(): number {
    return this.#plane.clock.monotonicMs();
  }

  #expect(actual: unknown, expected: unknown, what: string): void {
    if (actual !== expected) this.faults.push(`${what}: ${String(actual)}, not ${String(expected)}`);
  }
}
