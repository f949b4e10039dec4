import { type Logger, pino } from "pino";
import { Registry } from "prom-client";
import { instanceKey, serviceKey } from "../../../src/model/index.js";
import { openMemoryStore, type Store } from "../../../src/store/index.js";
import {
  type CallStats,
  createTelemetry,
  createTelemetryMetrics,
  type Event,
  type LogDraft,
  type LogQuery,
  memoryDatabase,
  type Telemetry,
  type TelemetryDatabase,
  type TelemetryLimits,
} from "../../../src/telemetry/index.js";
import { anInstance, aService } from "../../support/entities.js";
import { FakeClock } from "../../support/fake-clock.js";
import { storeOptions } from "../../support/store-options.js";

/** What a test may set. */
export interface StartOptions {
  readonly store?: Store;
  readonly clock?: FakeClock;
  readonly database?: TelemetryDatabase;
  readonly limits?: Partial<TelemetryLimits>;
  /** Default: nothing is logged. */
  readonly log?: Logger;
}

/** Telemetry beside a memory store in which the service "checkout" exists. */
export interface Started extends AsyncDisposable {
  readonly telemetry: Telemetry;
  readonly store: Store;
  readonly clock: FakeClock;
  /** Telemetry's metrics by name, labels left out by summing. */
  metric(name: string): Promise<number>;
}

/** The wall clock of a test at its start. */
export const NOW_MS = 1_700_000_000_000;

export async function start(options: StartOptions = {}): Promise<Started> {
  const clock = options.clock ?? new FakeClock(NOW_MS);
  const store = options.store ?? (await openMemoryStore({ ...storeOptions(), clock }));
  if (!options.store) await putService(store, "checkout");
  const register = new Registry();
  const telemetry = await createTelemetry({
    store,
    clock,
    database: options.database ?? memoryDatabase(),
    log: options.log ?? pino({ enabled: false }),
    metrics: createTelemetryMetrics(register),
    ...(options.limits && { limits: options.limits }),
  });
  return {
    telemetry,
    store,
    clock,
    async metric(name) {
      const { values } = (await register.getSingleMetric(`portolan_telemetry_${name}`)?.get()) ?? { values: [] };
      return values.reduce((sum, { value }) => sum + value, 0);
    },
    async [Symbol.asyncDispose]() {
      await telemetry[Symbol.asyncDispose]();
      if (!options.store) await store[Symbol.asyncDispose]();
    },
  };
}

export async function putService(store: Store, name: string, namespace = "default"): Promise<bigint> {
  const commit = { actor: "alice", cause: "service-put", puts: [aService(name, { namespace })] } as const;
  return (await store.commit(commit)).revision;
}

export async function deleteService(store: Store, name: string): Promise<bigint> {
  const deletes = [serviceKey({ namespace: "default", name })];
  return (await store.commit({ actor: "alice", cause: "service-deleted", deletes })).revision;
}

export async function register(
  store: Store,
  id: string,
  fields: Parameters<typeof anInstance>[2] = {},
  service = "checkout",
): Promise<bigint> {
  const puts = [anInstance(service, id, fields)];
  return (await store.commit({ actor: "session:s-1", cause: "register", puts })).revision;
}

export async function remove(
  store: Store,
  ids: readonly string[],
  cause: "deregister" | "lease-expired" | "session-expired" = "deregister",
): Promise<bigint> {
  const deletes = ids.map((id) => instanceKey({ namespace: "default", service: "checkout", id }));
  return (await store.commit({ actor: "system:lease", cause, deletes })).revision;
}

/** Calls of "checkout" by "cart"; what is not given is plain. */
export function calls(fields: Partial<CallStats> = {}): CallStats {
  return {
    consumerNamespace: "default",
    consumer: "cart",
    namespace: "default",
    service: "checkout",
    instanceId: "a1",
    method: "/shop.Checkout/Pay",
    callsByCode: new Map([[0, 1]]),
    ...fields,
  };
}

/** A log record of "checkout"; what is not given is plain. */
export function log(body: string, fields: Partial<LogDraft> = {}): LogDraft {
  return {
    namespace: "default",
    service: "checkout",
    instanceId: "a1",
    severity: 9,
    body,
    attributes: {},
    traceId: "",
    spanId: "",
    ...fields,
  };
}

/** A query for every record. */
export const EVERY_LOG: LogQuery = {
  namespace: "",
  service: "",
  instanceId: "",
  minSeverity: 0,
  contains: "",
  traceId: "",
};

/** A query for every event. */
export const EVERY_EVENT = { namespace: "", service: "", type: "", actor: "" } as const;

/** The bodies of all records that match, newest first. */
export async function bodies(telemetry: Telemetry, query: Partial<LogQuery> = {}): Promise<string[]> {
  const page = await telemetry.queryLogs({ query: { ...EVERY_LOG, ...query }, pageSize: 1_000 });
  return page.records.map(({ body }) => body);
}

/** All events, newest first. */
export async function events(telemetry: Telemetry): Promise<readonly Event[]> {
  return (await telemetry.queryEvents({ query: EVERY_EVENT, pageSize: 1_000 })).events;
}

/** The next batches of a stream until `enough` says so. */
export async function take<T>(stream: AsyncIterator<T>, enough: (taken: readonly T[]) => boolean): Promise<T[]> {
  const taken: T[] = [];
  while (!enough(taken)) {
    const { value, done } = await stream.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}
