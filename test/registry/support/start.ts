import { setImmediate } from "node:timers/promises";
import { pino } from "pino";
import { Registry as MetricsRegister } from "prom-client";
import {
  type ChangeSet,
  DomainError,
  type Fault,
  type Instance,
  type InstanceRef,
  instanceKey,
  type SessionRecord,
} from "../../../src/model/index.js";
import {
  createRegistry,
  createRegistryMetrics,
  type Directive,
  type GuardEvent,
  type InstanceSpec,
  type ProbeAddresses,
  parseProbeAddresses,
  type Registration,
  type Registry,
  type RegistryLimits,
  type Session,
  type SessionEvent,
} from "../../../src/registry/index.js";
import type { Store } from "../../../src/store/index.js";
import { FakeClock } from "../../support/fake-clock.js";
import { openShakyStore, type ShakyStore } from "./shaky-store.js";

/** Who asks in tests. */
export const alice = { actor: "alice", address: "10.0.0.1:4000" };

/** The instance "default/checkout/<id>". */
export function refTo(id: string, service = "checkout"): InstanceRef {
  return { namespace: "default", service, id };
}

/** A plain spec of "default/checkout/<id>". */
export function aSpec(id: string, fields: Partial<InstanceSpec> = {}): InstanceSpec {
  const endpoints = [{ name: "grpc", host: "10.0.0.5", port: 8080, protocol: "grpc", tls: false } as const];
  return { ...refTo(id), endpoints, version: "1", labels: {}, reportedHealth: "serving", ...fields };
}

/** A registration with a lease of 30 s, or as long as given. */
export function leased(id: string, ttlMs = 30_000, fields: Partial<InstanceSpec> = {}): Registration {
  return { spec: aSpec(id, fields), ttlMs };
}

/** A session's stream as its client sees it. */
export interface Client {
  readonly session: Session;
  readonly directives: Directive[];
  readonly detached: Error[];
}

/** A registry on a real store in memory, on a clock that the test moves. */
export interface Started extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly shaky: ShakyStore;
  readonly store: Store;
  /** The current one; another after `restart`. */
  readonly registry: Registry;
  readonly events: SessionEvent[];
  readonly guardEvents: GuardEvent[];
  /** Every change set since the start. */
  readonly feed: ChangeSet[];
  readonly metrics: MetricsRegister;
  /** Opens a session, or resumes one. */
  open(options?: { readonly ttlMs?: number; readonly resumeToken?: string; readonly client?: string }): Promise<Client>;
  /** Resolves when all that was committed is durable and followed, or failed. */
  durable(): Promise<void>;
  /** Moves the clock on in steps, and after each lets everything that fell due become durable. */
  pass(ms: number, stepMs?: number): Promise<void>;
  /** Disposes of the registry and makes a new one on the same store, as a restart does. */
  restart(): Promise<void>;
  /** What is durable at an instance. */
  instance(id: string, service?: string): Instance | undefined;
  /** Ids of all durable instances, sorted. */
  ids(): string[];
  record(sessionId: string): SessionRecord | undefined;
}

/** Starts one. */
export function startRegistry(limits: Partial<RegistryLimits> = {}): Started {
  const clock = new FakeClock();
  const shaky = openShakyStore(clock);
  const { store } = shaky;
  const events: SessionEvent[] = [];
  const guardEvents: GuardEvent[] = [];
  const feed: ChangeSet[] = [];
  store.subscribe((changeSets) => void feed.push(...changeSets));
  let metrics = new MetricsRegister();
  const create = () => {
    metrics = new MetricsRegister();
    return createRegistry({
      store,
      clock,
      log: pino({ level: "silent" }),
      metrics: createRegistryMetrics(metrics),
      assertFits: () => {},
      onSessionEvent: (event) => void events.push(event),
      onGuardEvent: (event) => void guardEvents.push(event),
      limits,
      probeAddresses: parseProbeAddresses("loopback") as ProbeAddresses,
      random: () => 0.5,
    });
  };
  let registry = create();
  const durable = async () => {
    await store.commit({ actor: "test", cause: "update" }).catch(() => undefined);
    await setImmediate();
  };
  const instances = () => [...store.snapshot().entities].flatMap((e) => (e.kind === "instance" ? [e.value] : []));
  return {
    clock,
    shaky,
    store,
    events,
    guardEvents,
    feed,
    durable,
    get registry() {
      return registry;
    },
    get metrics() {
      return metrics;
    },
    async open({ ttlMs = 15_000, client = "test", resumeToken } = {}) {
      const directives: Directive[] = [];
      const detached: Error[] = [];
      const session = await registry.openSession({
        client,
        ttlMs,
        ...(resumeToken !== undefined && { resumeToken }),
        caller: alice,
        onDirective: (directive) => void directives.push(directive),
        onDetached: (error) => void detached.push(error),
      });
      return { session, directives, detached };
    },
    async pass(ms, stepMs = 250) {
      for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
        clock.advance(Math.min(stepMs, ms - passedMs));
        await durable();
      }
    },
    async restart() {
      await registry[Symbol.asyncDispose]();
      registry = create();
    },
    instance: (id, service) => instances().find((i) => instanceKey(i) === instanceKey(refTo(id, service))),
    ids: () =>
      instances()
        .map(({ id }) => id)
        .sort(),
    record: (sessionId) => store.sessions().find(({ id }) => id === sessionId),
    async [Symbol.asyncDispose]() {
      shaky.heal();
      shaky.release();
      await registry[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** The fault that a call is refused with; undefined when it is not. */
export async function faultOf(call: Promise<unknown>): Promise<Fault | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error.fault;
    throw error;
  }
}

/** The reason that a call is refused for; undefined when it is not. */
export async function reasonOf(call: Promise<unknown>): Promise<string | undefined> {
  return (await faultOf(call))?.reason;
}
