import { setImmediate } from "node:timers/promises";
import { pino } from "pino";
import { Registry as MetricsRegister } from "prom-client";
import type { EntityKey, HealthCheck, Instance } from "../../../../src/model/index.js";
import { type ProbeAddresses, parseProbeAddresses } from "../../../../src/registry/health/probe/addresses.js";
import type { Barred } from "../../../../src/registry/health/probe/attempt.js";
import { createProbeMetrics } from "../../../../src/registry/health/probe/metrics.js";
import { type Outcome, PASSED, VOID } from "../../../../src/registry/health/probe/outcome.js";
import type { ProbedInstance } from "../../../../src/registry/health/probe/probed-instance.js";
import { Prober } from "../../../../src/registry/health/probe/prober.js";
import { deferred } from "../../../support/deferred.js";
import { anInstance } from "../../../support/entities.js";
import { FakeClock } from "../../../support/fake-clock.js";

/** What comes of probing where that is not allowed. */
export const BARRED: Barred = { kind: "barred", reason: "not probed: x" };

/** A TCP probe every ten seconds. */
export const check: HealthCheck = {
  probe: { kind: "tcp" },
  endpointName: "",
  intervalMs: 10_000,
  timeoutMs: 1_000,
  unhealthyThreshold: 3,
  healthyThreshold: 2,
};

/** A prober whose probes a test answers. */
export class Lab {
  readonly clock = new FakeClock();
  readonly found: EntityKey[] = [];
  /** Probes under way, in the order in which they began. */
  readonly asked: { readonly instance: ProbedInstance; answer(came: Outcome | Barred): void }[] = [];
  /** The most that was under way at once: of all, and of one port. */
  readonly most = { ofAll: 0, ofOne: 0 };
  /** Port of each probe that is under way. */
  readonly #underWay: number[] = [];
  /** When each probe began, from the start. */
  readonly timesMs: number[] = [];
  readonly prober: Prober;
  /** What was logged. */
  readonly logged: string[] = [];
  /** What probes come to at once; undefined leaves them to the test. */
  reply: Outcome | Barred | undefined = PASSED;

  constructor({ maxInFlight = 10, random = () => 0.5 }: { maxInFlight?: number; random?: () => number } = {}) {
    const startMs = this.clock.monotonicMs();
    this.prober = new Prober({
      clock: this.clock,
      log: pino({ level: "warn" }, { write: (line: string) => void this.logged.push(line) }),
      metrics: createProbeMetrics(new MetricsRegister()),
      limits: { maxInFlight, maxConnections: 10 },
      addresses: parseProbeAddresses("any") as ProbeAddresses,
      random,
      onFinding: (key) => void this.found.push(key),
      run: (instance) => {
        this.timesMs.push(this.clock.monotonicMs() - startMs);
        if (this.reply) return Promise.resolve(this.reply);
        return this.#ask(instance);
      },
    });
  }

  #ask(instance: ProbedInstance): Promise<Outcome | Barred> {
    const { promise, resolve } = deferred<Outcome | Barred>();
    instance.giveUp = () => resolve(VOID);
    this.asked.push({ instance, answer: resolve });
    this.#underWay.push(instance.target.port);
    this.most.ofAll = Math.max(this.most.ofAll, this.#underWay.length);
    this.most.ofOne = Math.max(this.most.ofOne, this.#underWay.filter((port) => port === instance.target.port).length);
    return promise.finally(() => this.#underWay.splice(this.#underWay.indexOf(instance.target.port), 1));
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      this.clock.advance(100);
      await setImmediate();
    }
  }
}

/** An instance of the service `x` that is probed. */
export function probed(id: string, fields: Partial<Instance> = {}): Instance {
  const draft = anInstance("x", id, { healthCheck: check, ...fields }).value;
  return { ...draft, createRevision: 1n, modRevision: 1n } as Instance;
}
