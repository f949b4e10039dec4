import { onTestFinished } from "vitest";
import type { HealthCheck } from "../../../../src/model/index.js";
import { type ProbeAddresses, parseProbeAddresses } from "../../../../src/registry/health/probe/addresses.js";
import { type ProbedInstance, toBeProbed } from "../../../../src/registry/health/probe/probed-instance.js";
import { Resolver } from "../../../../src/registry/health/probe/resolver.js";
import { runProbe } from "../../../../src/registry/health/probe/run-probe.js";
import { systemClock } from "../../../../src/stream/index.js";

export const tcp: HealthCheck["probe"] = { kind: "tcp" };

/** Asks for a path. */
export const http = (path = "/", expectedStatuses: readonly number[] = []): HealthCheck["probe"] => ({
  kind: "http",
  path,
  expectedStatuses,
});

/** Asks about a service. */
export const grpc = (service = ""): HealthCheck["probe"] => ({ kind: "grpc", service });

/** An instance to be probed, as the prober holds it; what it keeps is closed with the test. */
export function probing(
  port: number,
  probe: HealthCheck["probe"],
  { host = "127.0.0.1", tls = false }: { host?: string; tls?: boolean } = {},
): ProbedInstance {
  const times = { intervalMs: 1_000, timeoutMs: 400, unhealthyThreshold: 1, healthyThreshold: 1 };
  const target = { host, port, tls, check: { probe, endpointName: "", ...times } };
  const instance = toBeProbed(target, undefined, 0);
  onTestFinished(() => instance.client?.probe.close());
  return instance;
}

/** Probes once, with the machine's clock. */
export async function probe(
  instance: ProbedInstance,
  { allowed = "loopback", lookup }: { allowed?: string; lookup?: (name: string) => Promise<readonly string[]> } = {},
): Promise<string> {
  const addresses = parseProbeAddresses(allowed) as ProbeAddresses;
  const resolver = new Resolver({ addresses, clock: systemClock, ...(lookup && { lookup }) });
  const outcome = await runProbe(instance, { clock: systemClock, resolver });
  return outcome.kind === "failed" || outcome.kind === "barred" ? outcome.reason : outcome.kind;
}
