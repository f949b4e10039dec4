import { setImmediate } from "node:timers/promises";
import { pino } from "pino";
import { Registry as MetricsRegister } from "prom-client";
import { describe, expect, test } from "vitest";
import type { HealthCheck } from "../../../../src/model/index.js";
import { type ProbeAddresses, parseProbeAddresses } from "../../../../src/registry/health/probe/addresses.js";
import { createProbeMetrics } from "../../../../src/registry/health/probe/metrics.js";
import { Prober } from "../../../../src/registry/health/probe/prober.js";
import { keyOfInstance } from "../../../support/entities.js";
import { FakeClock } from "../../../support/fake-clock.js";
import { check, probed } from "./prober-lab.js";
import { grpc, http } from "./probing.js";
import { answer, healthAnswer, http2Server, httpServer, type Listening, tcpServer } from "./servers.js";

/** A prober that connects, on a clock that the test moves. */
class Lab implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly metrics = createProbeMetrics(new MetricsRegister());
  readonly prober: Prober;

  constructor(maxConnections = 100) {
    this.prober = new Prober({
      clock: this.clock,
      log: pino({ level: "silent" }),
      metrics: this.metrics,
      limits: { maxInFlight: 100, maxConnections },
      addresses: parseProbeAddresses("loopback") as ProbeAddresses,
      random: () => 0.5,
      onFinding: () => {},
    });
  }

  follow(id: string, port: number, probe: HealthCheck["probe"]): void {
    const endpoints = [{ name: "default", host: "127.0.0.1", port, protocol: "grpc", tls: false } as const];
    this.prober.follow(probed(id, { endpoints, healthCheck: { ...check, probe } }));
  }

  /** Lets everything be probed once more; time stands still while probes are under way. */
  async round(): Promise<void> {
    const wanted = (await this.#probes()) + this.prober.size;
    while ((await this.#probes()) < wanted) {
      this.clock.advance(100);
      while (await this.#isProbing()) await setImmediate();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.prober.stop();
  }

  async #isProbing(): Promise<boolean> {
    const { values } = await this.metrics.inFlight.get();
    return values.some(({ value }) => value > 0);
  }

  async #probes(): Promise<number> {
    const { values } = await this.metrics.probes.get();
    return values.reduce((sum, { value }) => sum + value, 0);
  }
}

const connected = (server: Listening) => expect.poll(() => server.connected);

describe.each([
  ["http", http(), () => httpServer((_, response) => response.end("ok"))],
  ["grpc", grpc(), () => http2Server((stream) => answer(stream, healthAnswer(1)))],
] as const)("a prober that asks over %s", (_, kind, serve) => {
  test("keeps one connection an instance, and closes all of them when it stops", async () => {
    await using server = await serve();
    await using lab = new Lab();
    for (let n = 0; n < 3; n++) lab.follow(`i-${n}`, server.port, kind);
    for (let n = 0; n < 3; n++) await lab.round();
    expect(server.connections).toBe(3);
    expect(lab.prober.connections).toBe(3);
    await lab.prober.stop();
    await connected(server).toBe(0);
    expect(lab.prober.connections).toBe(0);
  });

  test("closes the connection to an instance that leaves", async () => {
    await using server = await serve();
    await using lab = new Lab();
    lab.follow("a", server.port, kind);
    lab.follow("b", server.port, kind);
    await lab.round();
    lab.prober.forget(keyOfInstance("x", "a"));
    await connected(server).toBe(1);
    expect(lab.prober.connections).toBe(1);
  });

  test("keeps no more connections than allowed, and connects anew for the rest", async () => {
    await using server = await serve();
    await using lab = new Lab(2);
    for (let n = 0; n < 5; n++) lab.follow(`i-${n}`, server.port, kind);
    await lab.round();
    await lab.round();
    expect(lab.prober.connections).toBe(2);
    expect(server.connections).toBe(8);
    await connected(server).toBe(2);
  });

  test("that stops in the middle of probes closes what they opened, at once", async () => {
    await using server = await tcpServer((socket) => void socket.resume());
    await using lab = new Lab();
    for (let n = 0; n < 3; n++) lab.follow(`i-${n}`, server.port, kind);
    lab.clock.advance(700);
    await connected(server).toBe(3);
    await lab.prober.stop();
    await connected(server).toBe(0);
  });
});
